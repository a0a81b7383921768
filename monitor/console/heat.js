import { fill, h } from './dom.js';
import { STATUS } from './figure-names.js';
import { formatNumber, plural } from './format.js';
import { empty } from './states.js';

/** Rows that are shown unless all are asked for: a model may have thousands. */
export const SHOWN_FEATURES = 20;
/** Of a shift, as it is written. */
export const SHIFT_DECIMALS = 2;
const TEXTBOOK_PSI = 0.25;
const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/**
 * Rows are features, the most shifted first; columns are intervals of event time. Number, shape and colour agree. shifts:
 * as the API has them, { ends, total, features: [{ feature, limit, values, statuses }] }. view: { measure, all: whether every
 * feature is shown, chosen: the feature that is looked at, address(change): of this page }.
 */
export function heatTable(node, shifts, view) {
  const { measure, all, address } = view;
  if (shifts.features.length === 0) {
    fill(
      node,
      empty(
        'No feature was measured in this time.',
        'Features are compared while a model with a reference profile serves; a longer time may have some.',
      ),
    );
    return;
  }
  const before = node.querySelector('.heat-scroll');
  // What a person scrolled to stays in sight; at first that is the newest interval.
  const fromEnd = before ? before.scrollWidth - before.scrollLeft : 0;
  const more = shifts.total - (all ? SHOWN_FEATURES : shifts.features.length);
  const scroll = h(
    'div',
    {
      class: 'heat-scroll',
      role: 'region',
      'aria-label': 'Features by interval, scrolls sideways',
      tabindex: 0,
      dataset: { key: 'heat' },
    },
    drawTable(shifts, view),
  );
  fill(
    node,
    legend(measure),
    scroll,
    more > 0 &&
      h(
        'p',
        { class: 'heat-all' },
        h(
          'a',
          { href: address({ features: all ? undefined : 'all' }), dataset: { key: 'heat all' } },
          all ? 'Show fewer' : `Show ${plural(more, 'more feature')}`,
        ),
      ),
  );
  scroll.scrollLeft = scroll.scrollWidth - fromEnd;
}

function legend(measure) {
  const textbook =
    measure === 'psi'
      ? `The textbook limit is ${TEXTBOOK_PSI}.`
      : 'There is no textbook limit for the distance itself.';
  return h(
    'p',
    { class: 'hint heat-legend' },
    `${measure === 'psi' ? 'Population stability index' : 'Kolmogorov-Smirnov distance'} from training, per interval. The limit beside each name is the one in force. ${textbook} `,
    ['warn', 'drift', 'unknown'].map((s) =>
      h('span', { class: `heat-key ${s}` }, `${STATUS[s].shape} ${STATUS[s].word}`),
    ),
  );
}

function drawTable({ ends, features }, { measure, chosen, address }) {
  let lastDay = '';
  const headings = ends.map((endMs) => {
    const date = day.format(endMs);
    const shown = date === lastDay ? '' : date;
    lastDay = date;
    return h('th', { scope: 'col' }, h('span', { class: 'heat-day' }, shown || '\u00a0'), hour.format(endMs));
  });
  return h(
    'table',
    { class: 'heat' },
    h('caption', { class: 'visually-hidden' }, `${measure.toUpperCase()} by feature and by the end of each interval`),
    h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Feature'), headings)),
    h(
      'tbody',
      null,
      features.map((row) =>
        h(
          'tr',
          null,
          h(
            'th',
            { scope: 'row' },
            h(
              'a',
              {
                href: address({ feature: row.feature === chosen ? undefined : row.feature }),
                // The places where the name may break are no part of it.
                'aria-label': row.feature,
                'aria-current': row.feature === chosen ? 'true' : undefined,
                dataset: { key: `feature ${row.feature}` },
              },
              h('code', null, breakable(row.feature)),
            ),
            h('span', { class: 'heat-limit' }, ` limit ${formatNumber(row.limit)}`),
          ),
          row.values.map((value, at) => drawCell(value, row.statuses[at])),
        ),
      ),
    ),
  );
}

/** A narrow column breaks a name between its parts. */
const breakable = (name) => name.split('__').flatMap((part, i) => (i === 0 ? [part] : [h('wbr'), `__${part}`]));

function drawCell(value, status) {
  const { shape, word } = STATUS[status];
  return h(
    'td',
    { class: `heat-cell ${status}` },
    status !== 'unknown' && value.toFixed(SHIFT_DECIMALS),
    shape && h('span', { class: 'heat-shape', 'aria-hidden': 'true' }, shape),
    h('span', { class: 'visually-hidden' }, ` ${word}`),
  );
}
