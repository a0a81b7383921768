import { get } from './api.js';
import { CALIBRATION_FIELDS, calibrationCharts } from './calibration.js';
import { qualityBars } from './data-quality.js';
import { causeWords, spaced } from './decision-words.js';
import { fill, h, panel } from './dom.js';
import { featurePanel } from './feature.js';
import { figureTable } from './figure-table.js';
import { formatNumber } from './format.js';
import { heatTable, SHIFT_DECIMALS, SHOWN_FEATURES } from './heat.js';
import { boundsOf, cutWords, rangeNav, rangeOf, rangeQuery } from './range.js';
import { monitorLink } from './router.js';
import { empty } from './states.js';
import { fact, notLooked, streamPage } from './stream-page.js';
import { style } from './style.js';
import { formatDuration, timeElement } from './time.js';

await style('drift');

const RANGES = ['24h', '3d', '7d', '14d'];
const USUAL = '3d';
const MOST_MS = 14 * 86_400_000;
const MOST_FEATURES = 5_000;
/** Of each look what the charts need, and of the newest what is told in words: all of both would be ten times as much. */
const CHARTED = ['grainMs', 'modelId', 'windows', ...CALIBRATION_FIELDS];
const TOLD = ['grainMs', 'intervalMs', 'modelId', 'windows', 'entities', 'cause', 'quality', 'spans'];

export const title = () => 'Drift';

/** How far what comes in has moved from what the model was trained on, and why. */
export function draw(root, page) {
  const range = rangeOf(page.query, USUAL, MOST_MS);
  const { show, feature, features } = page.query;
  /** What of the page is in its address; undefined is left out. */
  const chosen = { show: show === 'ks' ? 'ks' : undefined, feature, features: features === 'all' ? 'all' : undefined };
  const address = (stream) => (change) => monitorLink('drift', stream, { ...rangeQuery(range), ...chosen, ...change });
  let parts = null;
  page.signal.addEventListener('abort', () => parts?.charts.destroy());
  streamPage(root, page, {
    name: 'drift',
    title: 'Drift',
    what: 'what the monitor has seen',
    times: (stream) => rangeNav(range, RANGES, (time) => monitorLink('drift', stream, { ...time, ...chosen })),
    load: async (stream, { state }, signal) => {
      if (!state?.seen) return null;
      // By event time: a replay may be years behind the clock on the wall.
      return read(stream, boundsOf(range, state.seen.atMs + 1), chosen, signal);
    },
    show: (body, seen, entry) => {
      if (seen === null) fill(body, notLooked(entry.stream));
      else if (seen.observations.length === 0) fill(body, nothingThen(entry.stream, range));
      else {
        parts ??= sections(body, range, chosen, address(entry.stream));
        parts.update(seen);
      }
    },
  });
}

/** { observations: as the charts need them, newest: the last of them in full but for its features, shifts: of features }. */
async function read(stream, query, { show, feature, features }, signal) {
  const path = `/api/observations/${encodeURIComponent(stream)}`;
  const fields = (names) => names.join(',');
  const charted = feature === undefined ? CHARTED : [...CHARTED, 'features'];
  const limit = features === 'all' ? MOST_FEATURES : SHOWN_FEATURES;
  const [{ observations }, shifts] = await Promise.all([
    get(path, { ...query, fields: fields(charted), feature }, signal),
    get(`${path}/features`, { ...query, measure: show, limit, decimals: SHIFT_DECIMALS }, signal),
  ]);
  const last = observations.at(-1);
  if (last === undefined) return { observations, newest: null, shifts };
  const newest = { from: last.atMs, to: last.atMs + 1, fields: fields(TOLD) };
  return { observations, newest: (await get(path, newest, signal)).observations[0], shifts };
}

function sections(body, range, chosen, address) {
  const measure = chosen.show ?? 'psi';
  const measures = tabs(
    'Which measure',
    [
      ['psi', 'PSI'],
      ['ks', 'KS'],
    ],
    measure,
    (key) => address({ show: key === 'ks' ? 'ks' : undefined }),
  );
  const cause = panel('Cause');
  const heat = panel('Features by interval', {}, measures);
  const quality = panel('Data quality');
  const figures = panel('Figures');
  const calibration = panel('Calibration');
  const charts = calibrationCharts();
  calibration.body.append(charts.node);
  const one = chosen.feature === undefined ? null : featurePanel(chosen.feature, address);
  const causes = h('div', { class: 'pair' }, cause.node, quality.node);
  fill(body, cutWords(range), causes, one?.node, heat.node, calibration.node, figures.node);
  return {
    charts: {
      destroy() {
        charts.destroy();
        one?.destroy();
      },
    },
    update({ observations, newest, shifts }) {
      fill(cause.body, causeOf(newest, address));
      fill(quality.body, qualityBars(newest.quality));
      heatTable(heat.body, shifts, { measure, all: chosen.features === 'all', chosen: chosen.feature, address });
      fill(figures.body, figureTable(newest));
      charts.update(observations);
      one?.update(observations);
    },
  };
}

const nothingThen = (stream, range) =>
  empty(
    range.live ? 'The figures of this time are no longer kept.' : 'Nothing is known of this time.',
    range.live
      ? 'Newer ones come with the next grain.'
      : 'The monitor had not looked yet, or its figures are no longer kept. ',
    !range.live && h('a', { href: monitorLink('drift', stream) }, 'Show the newest figures'),
  );

function tabs(label, choices, chosen, address) {
  return h(
    'nav',
    { class: 'tabs', 'aria-label': label },
    choices.map(([key, name]) =>
      h('a', { href: address(key), 'aria-current': key === chosen ? 'true' : undefined }, name),
    ),
  );
}

function causeOf({ cause, atMs, intervalMs, windows, entities, modelId, grainMs }, address) {
  const evidence = Object.entries(cause.evidence);
  return [
    h('p', { class: 'cause' }, h('b', null, causeWords(cause.kind)), cause.summary && `: ${cause.summary}`),
    h(
      'dl',
      { class: 'facts' },
      fact('Newest look', timeElement(atMs, 'both')),
      fact('Looks once a grain of', formatDuration(grainMs)),
      fact('Compares intervals of', formatDuration(intervalMs)),
      fact(
        'Windows in the newest grain',
        windows === 0 ? 'none' : `${windows.toLocaleString('en')} of ${entities} entities`,
      ),
      fact('Model', h('code', null, modelId || 'none')),
    ),
    evidence.length > 0 && h('h3', null, 'Told by'),
    evidence.length > 0 &&
      h(
        'dl',
        { class: 'facts evidence' },
        evidence.map(([name, value]) => fact(spaced(name), formatNumber(value))),
      ),
    cause.features.length > 0 && h('h3', null, 'Features concerned'),
    cause.features.length > 0 &&
      h(
        'ul',
        { class: 'names' },
        cause.features.map((name) =>
          h('li', null, h('a', { href: address({ feature: name }) }, h('code', null, name))),
        ),
      ),
  ];
}
