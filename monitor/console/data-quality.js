import { h } from './dom.js';
import { formatNumber } from './format.js';
import { empty } from './states.js';

const MOST = 30;
const EACH = 5;
const LEAST = 18;
const MEANING = {
  completeness: 'values are there',
  accuracy: 'points can be used',
  consistency: 'nothing told twice',
  timeliness: 'nothing comes late',
  relevance: 'the features that the model knows',
  volume: 'as many windows as expected',
};
const FAULTS = {
  missing: 'values missing beyond those of training',
  deadLettered: 'points that could not be used',
  conflicts: 'points told twice with different values',
  duplicates: 'points told twice',
  late: 'points after their windows had closed',
  delayed: 'points later than the delay allowed for',
  removed: 'features of the model that no longer come',
  added: 'features that the model does not know',
  tooFew: 'fewer windows than expected',
  tooMany: 'more windows than expected',
};

/** The score of 30, what each dimension has of its five points, and what cost them. */
export function qualityBars(quality) {
  if (quality === null)
    return empty('The data quality is unknown.', 'Nothing was read in the newest interval, or no model serves.');
  return [
    h(
      'p',
      { class: 'quality-score' },
      h('b', null, formatNumber(quality.score)),
      ` of ${MOST}, `,
      quality.trainable
        ? 'good enough to train on'
        : h('span', { class: 'alarmed' }, `◆ too poor to train on (below ${LEAST})`),
    ),
    h(
      'dl',
      { class: 'quality-dimensions' },
      Object.entries(quality.dimensions).map(([name, points]) =>
        h(
          'div',
          { class: points < EACH / 2 ? 'low' : '' },
          h('dt', null, name, h('span', { class: 'hint' }, ` ${MEANING[name] ?? ''}`)),
          h(
            'dd',
            null,
            h('span', { class: 'bar', vars: { share: `${(100 * points) / EACH}%` }, 'aria-hidden': 'true' }),
            h('span', null, `${formatNumber(points)} of ${EACH}`),
          ),
        ),
      ),
    ),
    quality.faults.length > 0 && h('h3', null, 'What cost points'),
    quality.faults.length > 0 &&
      h(
        'ul',
        null,
        quality.faults.map(({ fault, share }) =>
          h('li', null, `${formatNumber(100 * share)} %: ${FAULTS[fault] ?? fault}`),
        ),
      ),
  ];
}
