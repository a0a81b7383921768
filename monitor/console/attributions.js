import { h, table } from './dom.js';
import { formatBand, formatShare, formatValue } from './format.js';

const LEAST_SHARE = 0.01;
const ALWAYS = 3;

/** Which metrics carry the evidence, how much of it, and what was expected of them. */
export function attributionTable(attributions) {
  return table(
    'Metrics by their share of the evidence',
    [
      { title: 'Metric', cell: (a) => h('code', null, a.metric) },
      {
        title: 'Share of the evidence',
        class: 'share-cell',
        cell: (a) => [
          h('span', { class: 'share', vars: { share: `${100 * a.share}%` }, 'aria-hidden': 'true' }),
          h('span', null, formatShare(a.share)),
        ],
      },
      { title: 'Value', class: 'number', cell: (a) => formatValue(a.metric, a.value) },
      { title: 'Expected', class: 'number', cell: (a) => formatBand(a.metric, a.expectedLow, a.expectedHigh) },
    ],
    attributions.filter((a, i) => i < ALWAYS || a.share >= LEAST_SHARE),
  );
}
