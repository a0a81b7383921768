import './monitor-style.js';
import { get } from './api.js';
import { decisionList } from './decision-list.js';
import { fill, h } from './dom.js';
import { boundsOf, LIST_RANGES, rangeNav, rangeOf, rangeQuery } from './range.js';
import { monitorLink } from './router.js';
import { empty, loader, notThere } from './states.js';
import { now } from './time.js';

const PAGE = 50;
const READ_EVERY = 15;

export const title = () => 'Decisions';

/** The ledger, newest first. */
export function draw(root, page) {
  const { stream, before } = page.query;
  const range = rangeOf(page.query, 'all');
  const address = (change) => monitorLink('decisions', undefined, { stream, ...rangeQuery(range), ...change });
  const tabs = h('nav', { class: 'tabs', 'aria-label': 'Which stream' });
  const body = h('div', { class: 'panel padded' });
  root.append(
    h(
      'div',
      { class: 'page-head' },
      h('h1', null, 'Decisions'),
      h(
        'div',
        { class: 'tab-rows' },
        tabs,
        rangeNav(range, LIST_RANGES, (time) => monitorLink('decisions', undefined, { stream, ...time })),
      ),
    ),
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
        get('/api/decisions', { stream, before, limit: PAGE, ...boundsOf(range, now() + 1_000) }, page.signal),
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
              href: address({ stream: of }),
              'aria-current': of === stream ? 'true' : undefined,
            },
            name,
          ),
        ),
      );
      fill(
        body,
        entries.length === 0
          ? nothing(before, range, stream, streams)
          : decisionList(entries, { streams: stream === undefined }),
        pager(entries, before, address),
      );
    },
  );
  let heard = 0;
  page.on('status', () => {
    if (before === undefined && ++heard % READ_EVERY === 0) load();
  });
  page.on('again', load);
}

const nothing = (before, range, stream, streams) =>
  stream !== undefined && !streams.some((s) => s.stream === stream)
    ? notThere(`No stream ${stream} is monitored.`, h('a', { href: monitorLink('decisions') }, 'Look at all streams'))
    : range.key !== 'all'
      ? empty(
          'Nothing was decided in this time.',
          h('a', { href: monitorLink('decisions', undefined, { range: 'all' }) }, 'Look at all times'),
        )
      : before === undefined
        ? empty(
            'Nothing has been decided yet.',
            'When the monitor or a person changes anything, it is listed here with the reason.',
          )
        : empty('There are no older decisions.');

function pager(entries, before, address) {
  const oldest = entries.at(-1)?.seq ?? 1;
  return h(
    'p',
    { class: 'pager' },
    before !== undefined && h('a', { href: address({}) }, 'Newest'),
    entries.length === PAGE && oldest > 1 && h('a', { href: address({ before: oldest }) }, 'Older'),
  );
}
