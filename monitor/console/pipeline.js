import { get } from './api.js';
import { deadLetterTable } from './dead-letter-table.js';
import { fill, h, panel, part, table } from './dom.js';
import { formatCount, formatNumber, formatPercentOf } from './format.js';
import { pipelineHistory } from './pipeline-history.js';
import { boundsOf, cutWords, rangeNav, rangeOf, rangeQuery } from './range.js';
import { monitorLink, withQuery } from './router.js';
import { empty, failed, loader, loading } from './states.js';
import { loadStatus, setTrouble, state } from './store.js';
import { servedBy, trainingBar } from './streams.js';
import { now, timeElement } from './time.js';

const DISPOSITIONS = [
  ['applied', 'Applied', 'went into at least one open window'],
  ['late', 'Late', 'all its windows had closed'],
  ['duplicate', 'Duplicate', 'seen before'],
  ['dead_lettered', 'Dead-lettered', 'could not be used; kept below'],
  ['filtered', 'Filtered', 'left out by configuration'],
];

const SHOWN_LETTERS = 10;
const RANGES = ['24h', '3d', '7d', '14d'];
const USUAL = '24h';
const MOST_MS = 14 * 86_400_000;

export const title = () => 'Pipeline';

/** What became of every point, how far each partition is, and what could not be used. */
export function draw(root, page) {
  const range = rangeOf(page.query, USUAL, MOST_MS);
  const streams = h('div', { class: 'pipeline' }, loading('streams'));
  const allLetters = h('a', { href: monitorLink('deadletters', undefined, rangeQuery(range)) }, 'All dead letters');
  const letters = panel('Newest dead letters of this time', {}, allLetters);
  const history = pipelineHistory(page, range);
  root.append(
    h(
      'div',
      { class: 'page-head' },
      h('h1', null, 'Pipeline'),
      rangeNav(range, RANGES, (time) => withQuery('/pipeline', time)),
    ),
    h(
      'p',
      { class: 'hint' },
      'Every point has exactly one of five fates. Counters are of all time, as of the last checkpoint; charts and dead letters are of the time chosen.',
    ),
    ...[cutWords(range)].filter(Boolean),
    streams,
    h('div', { class: 'monitor-body' }, history.node, letters.node),
  );
  const show = part(streams, (list) =>
    list.length === 0 ? empty('No stream is configured.', 'Add one in tidewatch.yaml.') : list.map(streamPanel),
  );
  const showLetters = part(letters.body, deadLetters);
  const load = loader(
    letters.body,
    'dead letters',
    page.signal,
    () => get('/api/dead-letters', { limit: SHOWN_LETTERS, ...boundsOf(range, now() + 1_000) }, page.signal),
    (data) => showLetters(data.deadLetters),
  );
  let counted = -1;
  const refresh = (status) => {
    show(status.streams);
    const dead = status.streams.reduce((sum, s) => sum + s.counters.dead_lettered, 0);
    if (counted >= 0 && dead !== counted) load();
    counted = dead;
  };
  const trouble = () => {
    if (state.status || !state.trouble) return;
    fill(
      streams,
      failed(state.trouble, () => loadStatus(page.signal).catch(setTrouble)),
    );
  };
  if (state.status) refresh(state.status);
  trouble();
  page.on('status', refresh);
  page.on('connection', trouble);
  page.on('again', () => {
    load();
    history.load();
  });
}

function streamPanel(s) {
  const { node, body } = panel(`Stream ${s.stream}`, {}, h('p', { class: `tag source-${s.source}` }, servedBy(s)));
  const points = DISPOSITIONS.reduce((sum, [key]) => sum + s.counters[key], 0);
  body.append(
    h(
      'dl',
      { class: 'dispositions' },
      DISPOSITIONS.map(([key, name, meaning]) =>
        h(
          'div',
          { class: key === 'applied' ? 'good' : s.counters[key] > 0 ? 'some' : 'none' },
          h('dt', { title: meaning }, name),
          h(
            'dd',
            null,
            h('b', null, formatCount(s.counters[key])),
            h('span', null, formatPercentOf(s.counters[key], points)),
          ),
        ),
      ),
    ),
    h('p', { class: 'hint' }, rates(s)),
  );
  if (s.training) body.append(trainingBar(s.training));
  body.append(
    s.partitions.length === 0
      ? empty('No checkpoint yet.', 'The first one comes about a second after the first record.')
      : partitionTable(s),
  );
  return node;
}

function rates(s) {
  const rate = s.pointsPerS === null ? 'rate being measured' : `${formatNumber(s.pointsPerS)} points/s`;
  const conflicts =
    s.counters.conflicts > 0 ? `, ${formatCount(s.counters.conflicts)} duplicates with another value` : '';
  const lag = s.lagRecords === null ? 'lag unknown' : `lag ${formatCount(s.lagRecords)} records`;
  return `${rate}, ${lag}, ${formatCount(s.counters.events)} log events${conflicts}`;
}

function partitionTable(s) {
  return table(
    `Partitions of stream ${s.stream}`,
    [
      { title: 'Partition', cell: (p) => p.partition },
      { title: 'Next offset', cell: (p) => formatCount(p.offsetNext) },
      {
        title: 'Event time reached (watermark)',
        cell: (p) => (p.watermarkMs > 0 ? timeElement(p.watermarkMs, 'both') : 'none yet'),
      },
      { title: 'Checkpoint', cell: (p) => timeElement(p.checkpointedMs, 'both') },
    ],
    s.partitions,
  );
}

function deadLetters(list) {
  if (list.length === 0) return empty('No dead letters in this time.', 'Every record of it could be decoded and used.');
  return deadLetterTable(list);
}
