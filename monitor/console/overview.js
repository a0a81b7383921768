import { answersPanel } from './answers.js';
import { get } from './api.js';
import { fill, h, panel, part } from './dom.js';
import { entityGrid } from './entity-grid.js';
import { faultPanel } from './faults.js';
import { plural } from './format.js';
import { incidentList } from './incident-list.js';
import { empty, failed, loader } from './states.js';
import { loadStatus, setTrouble, state } from './store.js';
import { streamCards } from './streams.js';

const SHOWN_INCIDENTS = 6;
/** Open and resolved ones together, so that the page keeps its height. */
const SHOWN_WITH_RECENT = 5;
const SHOWN_ENTITIES = 300;
/** A record this old means that telemetry has stopped. */
const STALE_MS = 60_000;

export const title = () => 'Overview';

/** Ten seconds: the answers first, then who, what serves, and a switchboard to try it. */
export function draw(root, page) {
  const { signal } = page;
  const headline = h('h1', { class: 'headline' }, 'Reading the state …');
  const streams = panel('Streams', { class: 'area-streams' });
  const allIncidents = h('a', { href: '/incidents' }, 'All incidents');
  const incidents = panel('Open incidents', { class: 'area-incidents' }, allIncidents);
  const order = h('p', { class: 'hint wide-only' }, 'Most severe first, then by name. More than 1 is anomalous.');
  const entities = panel('Entities', { class: 'area-entities' }, order);
  const recent = panel('Recently resolved', { class: 'area-recent wide-only' });
  const faults = faultPanel(page);
  const answers = answersPanel(page);
  root.append(
    headline,
    answers.node,
    h(
      'div',
      { class: 'overview' },
      h('div', { class: 'column' }, incidents.node, entities.node, recent.node),
      h('div', { class: 'column' }, streams.node, faults.node),
    ),
  );

  const drawStreams = part(streams.body, streamCards);
  const drawIncidents = part(incidents.body, (open, judged) => openIncidents(open, judged));
  const drawEntities = part(entities.body, (list, total, open) => entityGrid(list, total, open));
  const drawRecent = part(recent.body, (list) =>
    list.length > 0 ? incidentList(list) : empty('No incident has been resolved yet.'),
  );
  const drawHeadline = part(headline, (words, alarmed) => h('span', { class: alarmed ? 'alarmed' : '' }, words));

  let open = [];
  let past = [];
  let known = new Map();
  let total = 0;
  let loadedIncidents = false;
  let loadedEntities = false;

  const refresh = () => {
    if (state.status) {
      drawStreams(state.status.streams);
      const [words, alarmed] = summary(state.status, loadedIncidents ? open.length : state.status.openIncidents);
      drawHeadline(words, alarmed);
    } else if (state.trouble) {
      drawHeadline('The state is not known.', true);
      fill(
        streams.body,
        failed(state.trouble, () => loadStatus(signal).catch(setTrouble)),
      );
    }
    answers.update({ open: loadedIncidents ? open : null, entities: loadedEntities ? total : null });
    if (loadedIncidents) {
      drawIncidents(open, !loadedEntities || total > 0);
      const room = SHOWN_WITH_RECENT - Math.min(open.length, SHOWN_INCIDENTS);
      recent.node.hidden = room <= 0;
      drawRecent(past.slice(0, Math.max(0, room)));
    }
    if (loadedEntities) drawEntities([...known.values()], total, open);
  };

  const loadIncidents = loader(
    incidents.body,
    'incidents',
    signal,
    () =>
      Promise.all([
        get('/api/incidents', { open: true, limit: 50 }, signal),
        get('/api/incidents', { open: false, limit: SHOWN_WITH_RECENT }, signal),
      ]),
    ([opened, resolved]) => {
      loadedIncidents = true;
      open = opened.incidents;
      past = resolved.incidents;
      refresh();
    },
  );
  const loadEntities = loader(
    entities.body,
    'entities',
    signal,
    () => get('/api/entities', { limit: SHOWN_ENTITIES }, signal),
    (data) => {
      loadedEntities = true;
      total = data.total;
      known = new Map(data.entities.map((e) => [`${e.stream}/${e.entity}`, e]));
      refresh();
    },
  );

  page.on('status', refresh);
  page.on('connection', () => {
    if (!state.status) refresh();
  });
  page.on('verdicts', ({ entities: changed }) => {
    let unseen = false;
    for (const entity of changed) {
      const key = `${entity.stream}/${entity.entity}`;
      if (known.has(key)) known.set(key, { ...known.get(key), ...entity });
      else if (total <= SHOWN_ENTITIES) unseen = true;
      else if (entity.severity > 1) known.set(key, { ...entity, openIncidentId: null });
    }
    if (unseen && loadedEntities) loadEntities();
    refresh();
  });
  page.on('incident', (incident) => {
    open = open.filter((i) => i.id !== incident.id);
    past = past.filter((i) => i.id !== incident.id);
    if (incident.resolvedMs !== null) past = [incident, ...past].slice(0, SHOWN_WITH_RECENT);
    else open = [incident, ...open].sort((a, b) => b.startMs - a.startMs);
    refresh();
  });
  page.on('again', () => {
    loadIncidents();
    loadEntities();
    faults.load();
  });
  refresh();
}

function openIncidents(open, judged) {
  if (open.length === 0)
    return empty(
      'No open incidents.',
      judged ? 'Every entity behaves like itself, as far as its history tells.' : 'Nothing was judged yet.',
    );
  const more = open.length - SHOWN_INCIDENTS;
  return [
    incidentList(open.slice(0, SHOWN_INCIDENTS)),
    more > 0 && h('p', { class: 'hint' }, h('a', { href: '/incidents' }, `and ${plural(more, 'more open incident')}`)),
  ];
}

/** One sentence, and whether it is bad news. */
function summary(status, openCount) {
  const incidents = openCount === 0 ? 'No open incidents' : plural(openCount, 'open incident');
  if (status.streams.length === 0) return ['No stream is configured yet.', true];
  const silent = status.streams.filter((s) => s.lastRecordMs === null);
  if (silent.length === status.streams.length) return ['No telemetry has arrived yet.', true];
  const stale = status.streams.filter((s) => s.lastRecordMs !== null && status.nowMs - s.lastRecordMs > STALE_MS);
  const behind = status.streams.reduce((sum, s) => sum + (s.lagRecords ?? 0), 0);
  const names = stale.map((s) => s.stream).join(', ');
  const arriving = stale.length > 0 ? `no data from ${names}` : 'telemetry arriving';
  const lag = behind > 1_000 ? `, ${plural(behind, 'record')} behind` : '';
  return [`${incidents}, ${arriving}${lag}`, openCount > 0 || stale.length > 0];
}
