import { h, table } from './dom.js';
import { FIGURES, STATUS } from './figure-names.js';
import { formatFigure, formatLimit } from './figure-words.js';
import { formatNumber } from './format.js';
import { empty } from './states.js';
import { formatDuration } from './time.js';

const SPANS = ['grain', 'interval', 'day', 'week'];
const RANK = { drift: 3, warn: 2, ok: 1, unknown: 0 };

export const statusMark = (status) =>
  h('span', { class: `status ${status}` }, STATUS[status].shape && `${STATUS[status].shape} `, STATUS[status].word);

/** Every figure that is known in some span, beside what it is held against. */
export function figureTable({ spans, grainMs, intervalMs }) {
  const known = FIGURES.filter(([name]) => SPANS.some((span) => typeof spans[span][name]?.value === 'number'));
  if (known.length === 0)
    return empty('No figure is known for the newest grain.', 'That is neither good nor bad: nothing could be counted.');
  const unknown = FIGURES.length - known.length;
  const cell = (span) => (figure) => {
    const one = spans[span][figure[0]];
    return h('span', { class: `figure ${one?.status ?? 'unknown'}` }, formatFigure(figure[0], one?.value));
  };
  const of = (figure) => SPANS.map((span) => spans[span][figure[0]]).filter(Boolean);
  const worst = (figure) => of(figure).reduce((so, one) => (RANK[one.status] > RANK[so] ? one.status : so), 'unknown');
  return [
    h(
      'div',
      { class: 'compact' },
      table(
        'Figures by span',
        [
          { title: 'Figure', cell: (f) => f[1] },
          { title: 'Status', cell: (f) => statusMark(worst(f)) },
          { title: `Newest ${formatDuration(grainMs)}`, class: 'number', cell: cell('grain') },
          { title: `Interval of ${formatDuration(intervalMs)}`, class: 'number', cell: cell('interval') },
          { title: 'Day', class: 'number', cell: cell('day') },
          { title: 'Week', class: 'number', cell: cell('week') },
          {
            title: 'Limit',
            class: 'number',
            cell: (f) => formatLimit(f[0], of(f).find((one) => one.limit !== null)?.limit),
          },
          { title: 'Textbook', class: 'number', cell: (f) => (f[3] === null ? 'none' : formatNumber(f[3])) },
        ],
        known,
      ),
    ),
    h(
      'p',
      { class: 'hint' },
      'The status is the worst of the four spans.',
      unknown > 0 && ` ${unknown} figures are unknown so far, most of them for want of labels.`,
    ),
  ];
}
