import './monitor-style.js';
import { get, remove } from './api.js';
import { answerPlace } from './decided.js';
import { actorWords } from './decision-words.js';
import { ask } from './dialog.js';
import { fill, h, panel } from './dom.js';
import { maintenanceForm } from './maintenance-form.js';
import { boundsOf, LIST_RANGES, rangeNav, rangeOf } from './range.js';
import { monitorLink } from './router.js';
import { empty, loader } from './states.js';
import { formatDuration, now, timeElement } from './time.js';

const GROUPS = [
  ['on', 'On now', 'No maintenance is on.', 'Notifications go out as ever.'],
  ['ahead', 'Ahead', 'None is planned.', 'Plan one before work that looks like trouble.'],
  ['past', 'Past', 'There was none so far.', ''],
];
/** Status messages between two drawings: windows begin and end by themselves. */
const DRAWN_EVERY = 5;
const READ_EVERY = 15;

export const title = () => 'Maintenance';

/** Times for which nobody is notified: those that are on, ahead and past, and a form for one more. */
export function draw(root, page) {
  const said = answerPlace();
  const range = rangeOf(page.query, 'all');
  const times = rangeNav(range, LIST_RANGES, (time) => monitorLink('maintenance', undefined, time));
  const panels = new Map(GROUPS.map(([key, name]) => [key, key === 'past' ? panel(name, {}, times) : panel(name)]));
  const list = h('div', { class: 'monitor-body' });
  const plan = panel('Plan maintenance');
  root.append(
    h('div', { class: 'page-head' }, h('h1', null, 'Maintenance')),
    h(
      'p',
      { class: 'hint' },
      'While it is on, no notification leaves for what it covers. Verdicts and incidents are as ever.',
    ),
    h('div', { class: 'pair wide-first' }, h('div', null, said.node, list), plan.node),
  );

  let windows = [];
  const redraw = () => {
    for (const [key, , title, more] of GROUPS) {
      const all = windows.filter((w) => stateOf(w, now()) === key);
      const of = key === 'past' ? all.filter(overlaps(boundsOf(range, now() + 1_000))) : all;
      const none = all.length === 0 ? empty(title, ...(more ? [more] : [])) : noneThen();
      fill(panels.get(key).body, of.length === 0 ? none : windowList(of, key, end));
    }
    if (!list.hasChildNodes()) list.append(...[...panels.values()].map((p) => p.node));
  };
  const load = loader(
    list,
    'maintenance windows',
    page.signal,
    () => get('/api/maintenance', { limit: 200 }, page.signal),
    (data) => {
      windows = data.windows;
      redraw();
    },
  );
  loader(
    plan.body,
    'streams',
    page.signal,
    () => get('/api/monitor', {}, page.signal),
    ({ streams }) =>
      fill(
        plan.body,
        maintenanceForm(
          streams.map((s) => s.stream),
          said,
          load.anew,
        ),
      ),
  );

  async function end(w, name) {
    const ahead = stateOf(w, now()) === 'ahead';
    const given = await ask({
      title: `${name}: ${w.reason}?`,
      text: ahead
        ? 'It never begins. It stays in the list.'
        : 'Notifications go out again at once. It stays in the list.',
      button: name,
      note: false,
    });
    if (given === null) return;
    try {
      await remove(`/api/maintenance/${encodeURIComponent(w.id)}`);
      said.say(h('p', null, ahead ? `${w.reason}: called off.` : `${w.reason}: ended.`));
    } catch (error) {
      said.fail(error);
    }
    load.anew();
  }

  let heard = 0;
  page.on('status', () => {
    heard++;
    if (heard % READ_EVERY === 0) load();
    else if (heard % DRAWN_EVERY === 0 && list.contains(panels.get('on').node)) redraw();
  });
  page.on('again', load);
}

const overlaps =
  ({ from = 0, to = Number.POSITIVE_INFINITY }) =>
  (w) =>
    w.fromMs < to && Math.min(w.toMs, w.endedMs ?? w.toMs) >= from;

const noneThen = () =>
  empty(
    'No maintenance ended in this time.',
    h('a', { href: monitorLink('maintenance', undefined, { range: 'all' }) }, 'Look at all times'),
  );

/** Exactly one of on, ahead and past. */
export function stateOf({ fromMs, toMs, endedMs }, nowMs) {
  if (nowMs >= toMs || (endedMs !== null && endedMs <= nowMs)) return 'past';
  return nowMs < fromMs ? 'ahead' : 'on';
}

const covered = ({ stream, entity, metric }) =>
  [stream ?? 'all streams', entity ?? (stream === null ? null : 'all entities'), metric].filter(Boolean).join(', ');

function windowList(windows, key, end) {
  const name = key === 'ahead' ? 'Call off' : 'End now';
  return h(
    'ul',
    { class: 'windows' },
    windows.map((w) =>
      h(
        'li',
        { class: 'window' },
        h('p', null, h('b', null, w.reason), ` (${covered(w)})`),
        h(
          'p',
          { class: 'hint' },
          timeElement(w.fromMs, key === 'ahead' ? 'since' : 'at'),
          ' to ',
          timeElement(w.toMs, key === 'on' ? 'since' : 'at'),
          `, ${formatDuration(w.toMs - w.fromMs)}, planned by ${actorWords(w.actor)}`,
          w.endedMs !== null && [
            '; ended by ',
            actorWords(w.endedBy ?? 'somebody'),
            ' ',
            timeElement(w.endedMs, 'both'),
          ],
          '.',
        ),
        key !== 'past' &&
          h(
            'button',
            {
              type: 'button',
              class: 'small',
              'aria-label': `${name}: ${w.reason}`,
              dataset: { key: `end ${w.id}` },
              onclick: () => end(w, name),
            },
            name,
          ),
      ),
    ),
  );
}
