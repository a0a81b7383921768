import { fill, h } from './dom.js';
import { formatCount } from './format.js';
import { describeIncident } from './incident-list.js';
import { keepPlace } from './place.js';
import { carried } from './range.js';
import { startRouter, withQuery } from './router.js';
import { brokenPage, empty, failed } from './states.js';
import { connect, loadStatus, on, setTrouble, state } from './store.js';
import { formatTime, now, zone } from './time.js';

/** Pages are loaded when first visited: the overview does not wait for the chart library. */
const PAGES = {
  overview: () => import('./overview.js'),
  entity: () => import('./entity.js'),
  incidents: () => import('./incidents.js'),
  incident: () => import('./incident.js'),
  pipeline: () => import('./pipeline.js'),
  drift: () => import('./drift.js'),
  models: () => import('./models.js'),
  decisions: () => import('./decisions.js'),
  decision: () => import('./decision.js'),
  labels: () => import('./labels.js'),
  maintenance: () => import('./maintenance.js'),
  deadletters: () => import('./dead-letters.js'),
};
const IN_NAVIGATION = { incident: 'incidents', entity: 'overview', decision: 'decisions' };

const main = document.getElementById('main');
let leaving = new AbortController();
let shownBefore = false;

async function show({ page, params, query }, moved) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  showPlace(page, query);
  const load = PAGES[page];
  if (!load) {
    document.title = 'Not found · Tidewatch';
    fill(main, h('h1', null, 'Not found'), empty('There is no such page.', h('a', { href: '/' }, 'To the overview')));
    return;
  }
  let module;
  try {
    module = await load();
  } catch (error) {
    if (signal.aborted) return;
    console.error(error);
    const what = { message: 'This page could not be loaded.', remedy: `Reload it; what went wrong: ${error.message}` };
    fill(
      main,
      failed(what, () => location.reload()),
    );
    return;
  }
  if (signal.aborted) return;
  const root = h('div', { class: `page page-${page}` });
  document.title = `${module.title(params)} · Tidewatch`;
  const keep = moved ? null : keepPlace(main);
  main.replaceChildren(root);
  try {
    module.draw(root, { params, query, signal, on: (event, listener) => whileHere(signal, event, listener) });
  } catch (error) {
    fill(main, brokenPage(error));
  }
  keep?.(signal);
  if (moved && shownBefore) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  shownBefore = true;
}

/** Pages about a stretch of time: a link to one of them keeps the time that is looked at. */
const TIMED = new Set([
  'incidents',
  'drift',
  'models',
  'decisions',
  'labels',
  'maintenance',
  'pipeline',
  'deadletters',
]);
const homes = new Map();

function showPlace(page, query) {
  for (const link of document.querySelectorAll('.top nav a')) {
    const { page: name } = link.dataset;
    if (!homes.has(name)) homes.set(name, link.getAttribute('href'));
    if (TIMED.has(name)) link.setAttribute('href', withQuery(homes.get(name), carried(query)));
    if (link.dataset.page === page) link.setAttribute('aria-current', 'page');
    else if (link.dataset.page === IN_NAVIGATION[page]) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
    // On a phone the names do not fit beside each other; the one in question has to be in sight.
    const nav = link.parentElement;
    if (link.hasAttribute('aria-current')) nav.scrollLeft = link.offsetLeft - (nav.clientWidth - link.offsetWidth) / 2;
  }
}

function whileHere(signal, event, listener) {
  signal.addEventListener('abort', on(event, listener));
}

function showConnection() {
  const words = { connecting: 'Connecting', live: 'Live', lost: 'Not connected' };
  const node = document.getElementById('connection');
  node.dataset.state = state.trouble ? 'lost' : state.connection;
  if (node.textContent !== words[state.connection]) node.textContent = words[state.connection];
  const banner = document.getElementById('banner');
  let text = '';
  if (state.connection === 'lost') {
    const known = state.knownMs === null ? '' : ` What you see is as of ${formatTime(state.knownMs)}.`;
    text = `Connection to Tidewatch lost.${known} Trying again …`;
  } else if (state.trouble) text = `${state.trouble.message} ${state.trouble.remedy}`;
  if (banner.textContent !== text) banner.textContent = text;
}

function showStatus(status) {
  const count = document.getElementById('open-count');
  count.hidden = status.openIncidents === 0;
  const more = status.openIncidents >= status.openIncidentsAtMost ? '+' : '';
  fill(count, `${formatCount(status.openIncidents)}${more}`, h('span', { class: 'visually-hidden' }, ' open'));
  fill(document.getElementById('version'), `Tidewatch ${status.version}`);
}

const announced = new Set();
/** An incident begins with its first anomalous window, a little before it opens. */
const NEW_WITHIN_MS = 120_000;

/** Said once an incident, when it opens, to those who do not see the list change. */
function announce(incident) {
  const old = now() - incident.startMs > NEW_WITHIN_MS;
  if (old || incident.resolvedMs !== null || announced.has(incident.id)) return;
  announced.add(incident.id);
  const log = document.getElementById('announcer');
  log.append(h('p', null, `New incident: ${incident.entity}, ${describeIncident(incident)}`));
  while (log.childElementCount > 5) log.firstElementChild.remove();
}

document.getElementById('zone').textContent = `Times in ${zone}`;
on('connection', showConnection);
on('status', showStatus);
on('incident', announce);
showConnection();
connect();
// Pages ask for times relative to now, so the server's clock comes first.
loadStatus()
  .catch((error) => {
    setTrouble({ message: error.message, remedy: error.remedy ?? '' });
  })
  .finally(() => startRouter(show));
