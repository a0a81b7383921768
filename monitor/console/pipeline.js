import { get } from './api.js';
import { h, panel, part, table } from './dom.js';
import { formatBytes, formatCount, formatNumber, formatPercentOf } from './format.js';
import { empty, loader, loading } from './states.js';
import { state } from './store.js';
import { servedBy, trainingBar } from './streams.js';
import { timeElement } from './time.js';

const DISPOSITIONS = [
  ['applied', 'Applied', 'went into at least one open window'],
  ['late', 'Late', 'all its windows had closed'],
  ['duplicate', 'Duplicate', 'seen before'],
  ['dead_lettered', 'Dead-lettered', 'could not be used; kept below'],
  ['filtered', 'Filtered', 'left out by configuration'],
];

export const title = () => 'Pipeline';

/** What became of every point, how far each partition is, and what could not be used. */
export function draw(root, page) {
  const streams = h('div', { class: 'pipeline' }, loading('streams'));
  const letters = panel('Dead letters');
  root.append(
    h('div', { class: 'page-head' }, h('h1', null, 'Pipeline')),
    h('p', { class: 'hint' }, 'Every point has exactly one of five fates. Counters are as of the last checkpoint.'),
    streams,
    letters.node,
  );
  const show = part(streams, (list) =>
    list.length === 0 ? empty('No stream is configured.', 'Add one in tidewatch.yaml.') : list.map(streamPanel),
  );
  const showLetters = part(letters.body, deadLetters);
  const load = loader(
    letters.body,
    'dead letters',
    page.signal,
    () => get('/api/dead-letters', { limit: 50 }, page.signal),
    (data) => showLetters(data.deadLetters),
  );
  let counted = -1;
  const refresh = (status) => {
    show(status.streams);
    const dead = status.streams.reduce((sum, s) => sum + s.counters.dead_lettered, 0);
    if (counted >= 0 && dead !== counted) load();
    counted = dead;
  };
  if (state.status) refresh(state.status);
  page.on('status', refresh);
  page.on('again', load);
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
  if (list.length === 0) return empty('No dead letters.', 'Every record so far could be decoded and used.');
  return table(
    'Newest dead letters',
    [
      { title: 'Received', cell: (d) => timeElement(d.receivedMs, 'both') },
      { title: 'Where', cell: (d) => `${d.stream}, partition ${d.partition}, offset ${formatCount(d.offset)}` },
      {
        title: 'What was wrong',
        wide: true,
        cell: (d) => [
          h('p', null, h('code', null, d.code), ' ', d.meaning),
          d.detail && h('p', { class: 'hint' }, d.detail),
          d.remedy && h('p', { class: 'hint' }, `What to do: ${d.remedy}`),
        ],
      },
      {
        title: 'Record',
        class: 'payload-cell',
        cell: (d) => [
          h('code', { class: 'payload' }, d.preview),
          h('span', { class: 'hint' }, formatBytes(d.sizeBytes)),
        ],
      },
    ],
    list,
  );
}
