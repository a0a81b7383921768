import './monitor-style.js';
import { get } from './api.js';
import { fill, h, panel } from './dom.js';
import { figureChart, whyNotJudged } from './figure-chart.js';
import { boundsOf } from './range.js';
import { empty, loader } from './states.js';
import { notLooked } from './stream-page.js';

const HEIGHT_PX = 120;
const READ_EVERY = 15;
const nothingRead = (observations) =>
  observations.every((o) => o.windows === 0)
    ? 'Not measured: nothing was read in this time.'
    : 'Not measured: this was not counted in this time.';
const SHOWN = [
  ['late', 'Late points', nothingRead],
  ['dead_letters', 'Dead letters', nothingRead],
  ['fallback', 'Windows judged by the fallback', nothingRead],
  ['errors', 'Windows that the forest failed on', whyNotJudged],
  ['latency_p99', 'Latency of a record, 99th percentile', nothingRead],
];

/** Of an observation, what the charts need of it. */
const FIELDS = ['grainMs', 'modelId', 'windows', ...SHOWN.map(([name]) => `spans.grain.${name}`)].join(',');

/** The health of each stream's pipeline over event time, one point a grain, as the monitor has seen it. */
export function pipelineHistory(page, range) {
  const { node, body } = panel('Over time');
  const drawn = new Map();
  page.signal.addEventListener('abort', () => {
    for (const { charts } of drawn.values()) for (const chart of charts) chart.destroy();
  });

  const load = loader(
    body,
    'what the monitor has seen',
    page.signal,
    async () => {
      const { streams } = await get('/api/monitor', {}, page.signal);
      return Promise.all(
        streams.map(async ({ stream, state }) => ({ stream, observations: await read(stream, state) })),
      );
    },
    (streams) => {
      if (streams.length === 0) fill(body, empty('No stream is monitored.', 'Add one in tidewatch.yaml.'));
      const places = streams.map(({ stream, observations }) => {
        if (!drawn.has(stream)) drawn.set(stream, section(stream));
        drawn.get(stream).update(observations);
        return drawn.get(stream).node;
      });
      if (places.some((place) => !body.contains(place))) fill(body, places);
    },
    () => empty('No monitor runs here.', 'Figures over time are those of a monitor; see docs/operating.md.'),
  );

  async function read(stream, state) {
    if (!state?.seen) return null;
    const query = { ...boundsOf(range, state.seen.atMs + 1), fields: FIELDS };
    return (await get(`/api/observations/${encodeURIComponent(stream)}`, query, page.signal)).observations;
  }

  let heard = 0;
  page.on('status', () => {
    if (++heard % READ_EVERY === 0) load();
  });
  return { node, load };
}

function section(stream) {
  const charts = SHOWN.map(([name, title, why]) =>
    figureChart({ name, title, of: (o) => o.spans.grain[name], why, heightPx: HEIGHT_PX }),
  );
  const grid = h(
    'div',
    { class: 'charts' },
    charts.map((c) => c.figure),
  );
  const said = h('div');
  return {
    charts,
    node: h('div', { class: 'history' }, h('h3', null, stream), said, grid),
    /** null: the monitor has not looked yet. */
    update(observations) {
      const known = observations !== null && observations.length > 0;
      grid.hidden = !known;
      fill(said, observations === null ? notLooked(stream) : known ? null : nothingThen());
      if (known) for (const chart of charts) chart.update(observations);
    },
  };
}

const nothingThen = () =>
  empty(
    'Nothing is known of this time.',
    'The monitor had not looked yet, or its figures are no longer kept; choose another time.',
  );
