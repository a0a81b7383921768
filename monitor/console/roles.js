import { h } from './dom.js';
import { CHANGES, roleChanges, stretchesOf } from './roles-data.js';
import { monitorLink } from './router.js';
import { empty } from './states.js';
import { timeElement } from './time.js';

const SHOWN = 12;
const LEAST_WIDTH_PERCENT = 0.6;

export function rolesOverTime(entries, state) {
  const changes = roleChanges(entries);
  if (changes.length === 0 || !state)
    return empty('No model has had a role yet.', 'Promotions and rollouts are shown here.');
  const fromMs = changes[0].atMs;
  const toMs = Math.max(state.atMs, fromMs + 1);
  const place = (ms) => (100 * (ms - fromMs)) / (toMs - fromMs);
  const stretches = stretchesOf(changes, toMs);
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
  const newest = [...changes].reverse().slice(0, SHOWN);
  return [
    h('div', { class: 'lanes', 'aria-hidden': 'true' }, lane('champion', 'Champion'), lane('challenger', 'Challenger')),
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
