import './monitor-style.js';
import { get } from './api.js';
import { decisionList } from './decision-list.js';
import { fill, h } from './dom.js';
import { monitorLink } from './router.js';
import { empty, loader } from './states.js';

const PAGE = 50;
const READ_EVERY = 15;

export const title = () => 'Decisions';

/** The ledger, newest first. */
export function draw(root, page) {
  const { stream, before } = page.query;
  const tabs = h('nav', { class: 'tabs', 'aria-label': 'Which stream' });
  const body = h('div', { class: 'panel padded' });
  root.append(
    h('div', { class: 'page-head' }, h('h1', null, 'Decisions'), tabs),
    h(
      'p',
      { class: 'hint' },
      'Everything that was decided, done or not, with its reason. Each can be computed again from its evidence.',
    ),
    body,
  );
  const load = loader(
    body,
    'decisions',
    page.signal,
    () =>
      Promise.all([
        get('/api/decisions', { stream, before, limit: PAGE }, page.signal),
        get('/api/monitor', {}, page.signal),
      ]),
    ([{ entries }, { streams }]) => {
      const choices = [[undefined, 'All'], ...streams.map((s) => [s.stream, s.stream])];
      fill(
        tabs,
        choices.map(([of, name]) =>
          h(
            'a',
            {
              href: monitorLink('decisions', undefined, { stream: of }),
              'aria-current': of === stream ? 'true' : undefined,
            },
            name,
          ),
        ),
      );
      fill(
        body,
        entries.length === 0 ? nothing(before) : decisionList(entries, { streams: stream === undefined }),
        pager(entries, page.query),
      );
    },
  );
  let heard = 0;
  page.on('status', () => {
    if (before === undefined && ++heard % READ_EVERY === 0) load();
  });
  page.on('again', load);
}

const nothing = (before) =>
  before === undefined
    ? empty(
        'Nothing has been decided yet.',
        'When the monitor or a person changes anything, it is listed here with the reason.',
      )
    : empty('There are no older decisions.');

function pager(entries, { stream, before }) {
  const oldest = entries.at(-1)?.seq ?? 1;
  return h(
    'p',
    { class: 'pager' },
    before !== undefined && h('a', { href: monitorLink('decisions', undefined, { stream }) }, 'Newest'),
    entries.length === PAGE &&
      oldest > 1 &&
      h('a', { href: monitorLink('decisions', undefined, { stream, before: oldest }) }, 'Older'),
  );
}
