import { h, table } from './dom.js';
import { plural } from './format.js';
import { empty } from './states.js';
import { timeElement } from './time.js';

const DAY_MS = 86_400_000;
const BUDGETS = [
  ['retrain', 'Retrainings', 'in 30 days', 30 * DAY_MS, 'retrainsPerMonth'],
  ['roll_back', 'Roll-backs', 'in a day', DAY_MS, 'rollbacksPerDay'],
  ['recalibrate', 'Recalibrations', 'in a day', DAY_MS, 'recalibrationsPerDay'],
];

/** What the controller has spent, by event time, and what it may still do by itself. People are not bound by it. */
export function budgetList(state, limits) {
  if (!state) return empty('Nothing is known of the budgets.', 'The monitor has not looked yet.');
  const rows = BUDGETS.map(([action, name, span, spanMs, key]) => {
    const spent = state.spent.filter((s) => s.action === action && s.atMs > state.atMs - spanMs);
    const most = limits?.[key];
    const left = most === undefined ? null : Math.max(0, most - spent.length);
    const freeMs = left === 0 && spent.length > 0 ? spent[0].atMs + spanMs : null;
    return { name: `${name} ${span}`, spent: spent.length, most, left, freeMs };
  });
  return [
    table(
      'Budgets of the controller',
      [
        { title: 'Budget', cell: (b) => b.name },
        { title: 'Spent', class: 'number', cell: (b) => b.spent },
        {
          title: 'Left',
          cell: (b) =>
            b.left === null
              ? 'unknown: the server does not tell the limit'
              : [
                  h('span', { class: b.left === 0 ? 'alarmed' : '' }, b.left === 0 ? 'none' : b.left, ` of ${b.most}`),
                  b.freeMs !== null && [', free again ', timeElement(b.freeMs)],
                ],
        },
      ],
      rows,
    ),
    resting(state),
  ];
}

/** Triggers whose condition holds, or that rest after having acted. */
function resting({ triggers, atMs }) {
  const held = Object.entries(triggers).filter(([, t]) => t.sinceMs !== null);
  const rest = Object.entries(triggers).filter(([, t]) => t.restsUntilMs > atMs);
  return [
    held.length > 0 && h('h3', null, `${plural(held.length, 'trigger')} whose condition holds`),
    held.length > 0 &&
      h(
        'ul',
        null,
        held.map(([name, t]) =>
          h(
            'li',
            null,
            h('code', null, name),
            ' since ',
            timeElement(t.sinceMs, 'since'),
            t.held && `: ${t.held.split('\n').at(-1)}`,
          ),
        ),
      ),
    rest.length > 0 && h('h3', null, `${plural(rest.length, 'trigger')} at rest`),
    rest.length > 0 &&
      h(
        'ul',
        null,
        rest.map(([name, t]) => h('li', null, h('code', null, name), ' until ', timeElement(t.restsUntilMs, 'since'))),
      ),
  ];
}
