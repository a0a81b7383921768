import { h, table } from './dom.js';
import { formatBytes, formatCount } from './format.js';
import { timeElement } from './time.js';

/** What could not be used, newest first: when, where from, why, what to do, and how it begins. */
export function deadLetterTable(list) {
  return table(
    'Newest dead letters',
    [
      { title: 'Received', cell: (d) => timeElement(d.receivedMs, 'both') },
      { title: 'Where', cell: (d) => `${d.stream}, partition ${d.partition}, offset ${formatCount(d.offset)}` },
      {
        title: 'What was wrong',
        wide: true,
        cell: (d) => [
          h('p', null, h('code', null, d.code), ' ', d.meaning),
          d.detail && h('p', { class: 'hint' }, d.detail),
          d.remedy && h('p', { class: 'hint' }, `What to do: ${d.remedy}`),
        ],
      },
      {
        title: 'Record',
        class: 'payload-cell',
        cell: (d) => [
          h('code', { class: 'payload' }, d.preview),
          h('span', { class: 'hint' }, formatBytes(d.sizeBytes)),
        ],
      },
    ],
    list,
  );
}
