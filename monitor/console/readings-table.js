import { titleOf } from './charts.js';
import { h, table } from './dom.js';
import { formatBand, formatSeverity, formatValue } from './format.js';
import { formatTime } from './time.js';

const ROWS = 12;

/** The charts' newest points as text: the same facts for those who do not see pictures. */
export function readingsTable(data) {
  const rows = [];
  for (let i = data.times.length - 1; i >= 0 && rows.length < ROWS; i--) rows.push(i);
  const columns = [
    { title: 'Window end', cell: (i) => formatTime(data.times[i]) },
    { title: 'Severity', class: 'number', cell: (i) => formatSeverity(data.severity[i]) },
    ...data.series.map((s) => ({
      title: titleOf(s),
      class: 'number',
      cell: (i) => [
        formatValue(s.metric, s.value[i]),
        ' ',
        h('span', { class: 'hint' }, formatBand(s.metric, s.low[i], s.high[i])),
      ],
    })),
  ];
  return table('Newest values, each with its expected band', columns, rows);
}
