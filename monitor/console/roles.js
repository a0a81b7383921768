import { h } from './dom.js';
import { CHANGES, roleChanges, stretchesOf } from './roles-data.js';
import { monitorLink } from './router.js';
import { empty } from './states.js';
import { timeElement } from './time.js';

const SHOWN = 12;
const LEAST_WIDTH_PERCENT = 0.6;

/** from, to: what of it is shown, event time; all where they are left out. */
export function rolesOverTime(entries, state, { from, to } = {}) {
  const changes = roleChanges(entries);
  if (changes.length === 0 || !state)
    return empty('No model has had a role yet.', 'Promotions and rollouts are shown here.');
  const fromMs = Math.max(changes[0].atMs, from ?? 0);
  const toMs = Math.min(Math.max(state.atMs, changes[0].atMs + 1), to ?? Number.POSITIVE_INFINITY);
  if (fromMs >= toMs)
    return empty('No model had a role at that time.', 'The first one came later, or the time is ahead.');
  const place = (ms) => (100 * (ms - fromMs)) / (toMs - fromMs);
  const stretches = stretchesOf(changes, Math.max(state.atMs, changes[0].atMs + 1))
    .filter((s) => s.fromMs < toMs && s.toMs > fromMs)
    .map((s) => ({ ...s, fromMs: Math.max(s.fromMs, fromMs), toMs: Math.min(s.toMs, toMs) }));
  const lane = (role, name) =>
    h(
      'div',
      { class: 'lane' },
      h('span', { class: 'lane-name' }, name),
      h(
        'div',
        { class: 'lane-track' },
        stretches
          .filter((s) => s.role === role)
          .map((s) =>
            h(
              'span',
              {
                class: `stretch ${role} ${s.action}`,
                vars: {
                  from: `${place(s.fromMs)}%`,
                  width: `${Math.max(LEAST_WIDTH_PERCENT, place(s.toMs) - place(s.fromMs))}%`,
                },
              },
              s.modelId,
            ),
          ),
      ),
    );
  const newest = changes
    .filter((c) => c.atMs >= fromMs && c.atMs < Math.max(toMs, fromMs + 1))
    .reverse()
    .slice(0, SHOWN);
  return [
    h('div', { class: 'lanes', 'aria-hidden': 'true' }, lane('champion', 'Champion'), lane('challenger', 'Challenger')),
    newest.length === 0 && h('p', { class: 'hint' }, 'No role changed in this time.'),
    h(
      'ol',
      { class: 'changes' },
      newest.map((c) =>
        h(
          'li',
          null,
          timeElement(c.atMs, 'both'),
          ' ',
          h('code', null, c.modelId),
          ` ${CHANGES[c.action][1]}, `,
          h('a', { href: monitorLink('decisions', c.id) }, c.id),
        ),
      ),
    ),
  ];
}
