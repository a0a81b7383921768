import { entityApi, get } from './api.js';
import { entityCharts } from './charts.js';
import { fill, h, panel, part } from './dom.js';
import { describeAttribution, formatCount, formatSeverity, formatShare } from './format.js';
import { incidentList } from './incident-list.js';
import { boundsOf, rangeNav, rangeOf } from './range.js';
import { readingsTable } from './readings-table.js';
import { entityLink, navigate } from './router.js';
import { levelOf, SOURCE_WORDS, severityBadge } from './severity.js';
import { empty, loader, notThere } from './states.js';
import { state } from './store.js';
import { formatDuration, formatTime, now, timeElement } from './time.js';

const RANGES = ['15m', '1h', '6h', '24h'];
const DEFAULT_RANGE = '1h';
const MOST_MS = 31 * 24 * 3_600_000;
const POINTS = 720;
const LEAST_RELOAD_MS = 2_000;
const SILENT_RELOAD_MS = 20_000;
const STALE_WINDOWS = 6;

export const title = ({ entity }) => entity;

export function draw(root, page) {
  const { stream, entity } = page.params;
  const view = rangeOf(page.query, DEFAULT_RANGE, MOST_MS);
  const zoom = (fromMs, toMs) => navigate(entityLink(stream, entity, { fromMs, toMs }));
  const charts = entityCharts(zoom);
  page.signal.addEventListener('abort', charts.destroy);
  const facts = h('p', { class: 'entity-facts' });
  const body = h('div', { class: 'entity-body' });
  root.append(
    h(
      'div',
      { class: 'page-head' },
      h('div', null, h('h1', null, entity), facts),
      rangeNav(view, RANGES, (range) => entityLink(stream, entity, range)),
    ),
    body,
  );
  const why = panel('What stands out', { class: 'why' });
  const incidents = panel('Incidents of this entity', { class: 'own-incidents' });
  const values = h(
    'details',
    { class: 'panel values', dataset: { key: 'values' } },
    h('summary', null, 'Newest values as a table'),
  );
  const valuesBody = h('div', {
    class: 'values-scroll',
    role: 'region',
    'aria-label': 'Newest values, scrolls sideways',
    tabindex: 0,
  });
  values.append(valuesBody);
  const drawFacts = part(facts, factsOf);
  const drawWhy = part(why.body, (latest, peak) => whyWords(latest, peak));
  const drawIncidents = part(incidents.body, (list) =>
    list.length === 0 ? empty('No incident of this entity so far.') : incidentList(list, { names: false }),
  );

  const show = (data) => {
    drawFacts(stream, data.latest, data.stepMs, data.windowMs, data.truncated ? data.windows : null);
    drawIncidents(data.incidents.slice(0, 8));
    if (data.times.length === 0) {
      fill(body, nothing(data, stream, entity), incidents.node);
      return;
    }
    if (!body.contains(charts.node))
      fill(body, h('div', { class: 'beside' }, why.node, incidents.node), charts.node, values);
    drawWhy(data.latest, data.peak);
    charts.update(data);
    fill(valuesBody, readingsTable(data));
  };
  const reload = loader(
    body,
    entity,
    page.signal,
    () => get(entityApi(stream, entity), { ...boundsOf(view, now()), points: POINTS }, page.signal),
    show,
    () => unknownEntity(stream, entity),
  );

  if (view.live) {
    // A day of windows need not be read again for each new one.
    const leastMs = Math.max(LEAST_RELOAD_MS, view.lengthMs / POINTS);
    let readMs = now();
    const readAfter = (ms) => {
      if (now() - readMs < ms) return;
      readMs = now();
      reload();
    };
    page.on('verdicts', ({ entities }) => {
      if (entities.some((e) => e.stream === stream && e.entity === entity)) readAfter(leastMs);
    });
    // A silent entity has no verdicts, and its charts move on all the same.
    page.on('status', () => readAfter(Math.max(leastMs, SILENT_RELOAD_MS)));
  }
  page.on('incident', (incident) => {
    if (incident.stream === stream && incident.entity === entity) reload();
  });
  page.on('again', reload);
}

function factsOf(stream, latest, stepMs, windowMs, cutTo) {
  if (!latest) return ['stream ', h('b', null, stream)];
  const stale = now() - latest.lastWindowEndMs > STALE_WINDOWS * latest.windowMs;
  return [
    severityBadge(latest.severity),
    h('span', { class: `tag source-${latest.source}` }, SOURCE_WORDS[latest.source]),
    latest.probation && h('span', { class: 'tag' }, 'probation: too little history to be sure'),
    h('span', null, 'stream ', h('b', null, stream)),
    h('span', null, stale ? 'silent, last window ' : 'last window ', timeElement(latest.lastWindowEndMs, 'both')),
    h('span', null, `windows of ${formatDuration(windowMs)}`),
    cutTo !== null && h('span', null, `only the newest ${formatCount(cutTo)} windows of this time are shown`),
    stepMs > windowMs && h('span', null, `each point is the most severe window of ${formatDuration(stepMs)}`),
  ];
}

function whyWords(latest, peak) {
  if (latest.severity > 1) return [h('p', null, 'Now, anomalous:'), words(latest)];
  const calm =
    levelOf(latest.severity) === 'raised'
      ? 'The newest window is raised, not anomalous.'
      : 'The newest window is like this entity.';
  if (!peak || peak.severity <= 1) return h('p', null, `${calm} No window of this range was anomalous.`);
  return [
    h(
      'p',
      null,
      calm,
      ' The most severe one of this range, ',
      formatSeverity(peak.severity),
      ' at ',
      formatTime(peak.lastWindowEndMs),
      ':',
    ),
    words(peak),
  ];
}

function words(verdict) {
  if (verdict.attributions.length === 0) return h('p', { class: 'hint' }, 'No single metric stands out.');
  return h(
    'ul',
    { class: 'words' },
    verdict.attributions
      .filter((a, i) => i === 0 || a.share >= 0.05)
      .slice(0, 4)
      .map((a) =>
        h(
          'li',
          null,
          describeAttribution(a),
          ' ',
          h('span', { class: 'hint' }, `${formatShare(a.share)} of the evidence`),
        ),
      ),
  );
}

function unknownEntity(stream, entity) {
  const all = h('a', { href: '/' }, 'See all entities');
  const streams = state.status?.streams.map((s) => s.stream) ?? [];
  if (streams.length > 0 && !streams.includes(stream))
    return notThere(`No stream ${stream} is configured.`, `There are ${streams.join(', ')}. `, all);
  return notThere(
    `No entity ${entity} of stream ${stream} is known.`,
    'Either it is spelt otherwise, or none of its windows has closed yet. ',
    all,
  );
}

function nothing(data, stream, entity) {
  if (data.newestMs === null) return empty('No window yet.', 'The first one appears seconds after the first point.');
  const link = entityLink(stream, entity, { fromMs: data.newestMs - 3_600_000, toMs: data.newestMs + 60_000 });
  return empty(
    'No window in this range.',
    'The newest one ended ',
    timeElement(data.newestMs, 'both'),
    '. ',
    h('a', { href: link }, 'Show the hour before it'),
  );
}
