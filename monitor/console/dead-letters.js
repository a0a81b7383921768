import './monitor-style.js';
import { get } from './api.js';
import { deadLetterTable } from './dead-letter-table.js';
import { fill, h, panel, part, table } from './dom.js';
import { formatCount, plural } from './format.js';
import { boundsOf, LIST_RANGES, rangeNav, rangeOf, rangeQuery } from './range.js';
import { monitorLink } from './router.js';
import { empty, loader, notThere } from './states.js';
import { state } from './store.js';
import { now } from './time.js';

const MOST = 100;
const USUAL = '7d';

export const title = () => 'Dead letters';

/** What could not be used: by reason, and the newest of them. */
export function draw(root, page) {
  const { stream, code } = page.query;
  const range = rangeOf(page.query, USUAL);
  const link = (change) => monitorLink('deadletters', undefined, { ...rangeQuery(range), stream, code, ...change });
  const streams = h('nav', { class: 'tabs', 'aria-label': 'Which stream' });
  const reasons = panel('By reason');
  const newest = panel('Newest');
  const body = h('div', { class: 'monitor-body' });
  root.append(
    h('div', { class: 'page-head' }, h('h1', null, 'Dead letters'), h('div', { class: 'tab-rows' }, streams, nav())),
    h(
      'p',
      { class: 'hint' },
      'Records and points that could not be used. Each is kept with its reason; ',
      h('code', null, 'tidewatch deadletters redrive'),
      ' sends them again when the reason has gone.',
    ),
    body,
  );
  const drawReasons = part(reasons.body, (counts) => reasonTable(counts, code, link));
  const drawNewest = part(newest.body, (list, counts) => [
    code && h('p', { class: 'hint' }, 'Only ', h('code', null, code), '.'),
    code && h('p', null, h('a', { href: link({ code: undefined }) }, 'Show every reason')),
    list.length === 0 ? nothing(counts, code) : deadLetterTable(list),
    list.length >= MOST && h('p', { class: 'hint' }, `The newest ${MOST} are shown.`),
  ]);
  const drawStreams = part(streams, (names) =>
    [undefined, ...names].map((name) =>
      h('a', { href: link({ stream: name }), 'aria-current': name === stream ? 'true' : undefined }, name ?? 'All'),
    ),
  );
  const load = loader(
    body,
    'dead letters',
    page.signal,
    () => get('/api/dead-letters', { ...boundsOf(range, now() + 1_000), stream, code, limit: MOST }, page.signal),
    ({ deadLetters, counts }) => {
      if (deadLetters.length === 0 && counts.length === 0) fill(body, noneAtAll());
      else {
        drawReasons(counts);
        drawNewest(deadLetters, counts);
        if (!body.contains(newest.node)) fill(body, reasons.node, newest.node);
      }
    },
  );

  function nav() {
    return rangeNav(range, LIST_RANGES, (of) => monitorLink('deadletters', undefined, { stream, code, ...of }));
  }
  function noneAtAll() {
    const streams = state.status?.streams.map((s) => s.stream) ?? [];
    if (stream !== undefined && streams.length > 0 && !streams.includes(stream))
      return notThere(
        `No stream ${stream} is configured.`,
        h('a', { href: monitorLink('deadletters') }, 'Look at all streams'),
      );
    if (range.live && range.key === 'all' && stream === undefined)
      return empty('No dead letters.', 'Every record so far could be decoded and used.');
    return empty(
      `No dead letters${stream === undefined ? '' : ` of ${stream}`} in this time.`,
      h('a', { href: monitorLink('deadletters', undefined, { range: 'all' }) }, 'Look at all of them'),
    );
  }

  let counted = -1;
  const refresh = (status) => {
    drawStreams(status.streams.map((s) => s.stream));
    const dead = status.streams.reduce((sum, s) => sum + s.counters.dead_lettered, 0);
    if (counted >= 0 && dead !== counted) load();
    counted = dead;
  };
  if (state.status) refresh(state.status);
  page.on('status', refresh);
  page.on('again', load);
}

const nothing = (counts, code) =>
  empty(`None of ${code ?? 'these'} in this time.`, `${plural(sumOf(counts), 'dead letter')} with other reasons.`);

const sumOf = (counts) => counts.reduce((sum, { count }) => sum + count, 0);

function reasonTable(counts, code, link) {
  return table(
    'Dead letters by reason',
    [
      { title: 'Stream', cell: (c) => c.stream },
      {
        title: 'Reason',
        wide: true,
        cell: (c) => [
          h(
            'a',
            { href: link({ code: c.code }), 'aria-current': c.code === code ? 'true' : undefined },
            h('code', null, c.code),
          ),
          ` ${c.meaning}`,
        ],
      },
      { title: 'How many', class: 'number', cell: (c) => formatCount(c.count) },
      { title: 'Sent again', class: 'number', cell: (c) => formatCount(c.redriven) },
    ],
    counts,
  );
}
