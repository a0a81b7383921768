import { get } from './api.js';
import { calibrationCharts } from './calibration.js';
import { qualityBars } from './data-quality.js';
import { causeWords, spaced } from './decision-words.js';
import { fill, h, panel } from './dom.js';
import { figureTable } from './figure-table.js';
import { formatNumber } from './format.js';
import { heatTable } from './heat.js';
import { monitorLink } from './router.js';
import { empty } from './states.js';
import { fact, notLooked, streamPage } from './stream-page.js';
import { style } from './style.js';
import { formatDuration, timeElement } from './time.js';

await style('drift');

const DAY_MS = 86_400_000;
const RANGES = [
  ['1d', 'Day', 1],
  ['3d', '3 days', 3],
  ['7d', 'Week', 7],
  ['14d', '2 weeks', 14],
];
const USUAL = RANGES[1];

export const title = () => 'Drift';

/** How far what comes in has moved from what the model was trained on, and why. */
export function draw(root, page) {
  const range = RANGES.find(([key]) => key === page.query.range) ?? USUAL;
  let parts = null;
  page.signal.addEventListener('abort', () => parts?.charts.destroy());
  streamPage(root, page, {
    name: 'drift',
    title: 'Drift',
    what: 'what the monitor has seen',
    load: async (stream, { state }, signal) => {
      if (!state?.seen) return null;
      // By event time: a replay may be years behind the clock on the wall.
      const to = state.seen.atMs + 1;
      const query = { from: Math.max(0, to - range[2] * DAY_MS), to };
      return (await get(`/api/observations/${encodeURIComponent(stream)}`, query, signal)).observations;
    },
    show: (body, observations, entry) => {
      if (observations === null) fill(body, notLooked(entry.stream));
      else if (observations.length === 0)
        fill(body, empty('The figures of this time are no longer kept.', 'Newer ones come with the next grain.'));
      else {
        parts ??= sections(body, entry.stream, range, page.query.show === 'ks' ? 'ks' : 'psi');
        parts.update(observations);
      }
    },
  });
}

function sections(body, stream, range, measure) {
  const address = (key, show) => monitorLink('drift', stream, { range: key, show: show === 'ks' ? 'ks' : undefined });
  const ranges = tabs('How far back', RANGES, range[0], (key) => address(key, measure));
  const measures = tabs(
    'Which measure',
    [
      ['psi', 'PSI'],
      ['ks', 'KS'],
    ],
    measure,
    (key) => address(range[0], key),
  );
  const cause = panel('Cause');
  const heat = panel('Features by interval', {}, h('div', { class: 'tab-rows' }, measures, ranges));
  const quality = panel('Data quality');
  const figures = panel('Figures');
  const calibration = panel('Calibration');
  const charts = calibrationCharts();
  calibration.body.append(charts.node);
  const causes = h('div', { class: 'pair' }, cause.node, quality.node);
  fill(body, causes, heat.node, calibration.node, figures.node);
  return {
    charts,
    update(observations) {
      const newest = observations.at(-1);
      fill(cause.body, causeOf(newest));
      fill(quality.body, qualityBars(newest.quality));
      heatTable(heat.body, observations, measure);
      fill(figures.body, figureTable(newest));
      charts.update(observations);
    },
  };
}

function tabs(label, choices, chosen, address) {
  return h(
    'nav',
    { class: 'tabs', 'aria-label': label },
    choices.map(([key, name]) =>
      h('a', { href: address(key), 'aria-current': key === chosen ? 'true' : undefined }, name),
    ),
  );
}

function causeOf({ cause, atMs, intervalMs, windows, entities, modelId }) {
  const evidence = Object.entries(cause.evidence);
  return [
    h('p', { class: 'cause' }, h('b', null, causeWords(cause.kind)), cause.summary && `: ${cause.summary}`),
    h(
      'dl',
      { class: 'facts' },
      fact('Newest grain ended', timeElement(atMs, 'both')),
      fact('Interval', formatDuration(intervalMs)),
      fact('Windows in the grain', windows === 0 ? 'none' : `${windows.toLocaleString('en')} of ${entities} entities`),
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
        cause.features.map((name) => h('li', null, h('code', null, name))),
      ),
  ];
}
