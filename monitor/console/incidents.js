import { get } from './api.js';
import { h, part } from './dom.js';
import { incidentList } from './incident-list.js';
import { boundsOf, LIST_RANGES, rangeNav, rangeOf, rangeQuery } from './range.js';
import { withQuery } from './router.js';
import { empty, loader } from './states.js';
import { now } from './time.js';

const MOST = 200;
const VIEWS = [
  ['all', 'All', undefined],
  ['open', 'Open', true],
  ['past', 'Past', false],
];

export const title = () => 'Incidents';

export function draw(root, page) {
  const view = VIEWS.find(([key]) => key === page.query.show) ?? VIEWS[0];
  const range = rangeOf(page.query, 'all');
  const address = (time, show = view[0]) => withQuery('/incidents', { show, ...time });
  const body = h('div', { class: 'panel' });
  root.append(
    h(
      'div',
      { class: 'page-head' },
      h('h1', null, 'Incidents'),
      h(
        'div',
        { class: 'tab-rows' },
        h(
          'nav',
          { class: 'tabs', 'aria-label': 'Which incidents' },
          VIEWS.map(([key, name]) =>
            h(
              'a',
              { href: address(rangeQuery(range), key), 'aria-current': key === view[0] ? 'true' : undefined },
              name,
            ),
          ),
        ),
        rangeNav(range, LIST_RANGES, (time) => address(time)),
      ),
    ),
    h(
      'p',
      { class: 'hint' },
      'An incident opens when several windows of an entity within a short time are anomalous, and resolves after a run of quiet ones.',
    ),
    body,
  );
  let incidents = [];
  const show = part(body, (list) => {
    if (list.length === 0 && range.key !== 'all')
      return empty(
        `No ${view[0] === 'all' ? '' : `${view[1].toLowerCase()} `}incidents in this time.`,
        h('a', { href: address({ range: 'all' }) }, 'Look at all times'),
      );
    if (list.length === 0)
      return empty(view[2] === true ? 'No open incidents.' : 'No incidents yet.', nothingYet(view[2]));
    return [
      incidentList(list),
      list.length >= MOST && h('p', { class: 'hint' }, `The newest ${MOST} are shown; the API has more filters.`),
    ];
  });
  const load = loader(
    body,
    'incidents',
    page.signal,
    () => get('/api/incidents', { open: view[2], limit: MOST, ...boundsOf(range, now() + 1_000) }, page.signal),
    (data) => {
      incidents = data.incidents;
      show(incidents);
    },
  );
  page.on('incident', (incident) => {
    if (!range.live) return load();
    const open = incident.resolvedMs === null;
    incidents = incidents.filter((i) => i.id !== incident.id);
    if (view[2] === undefined || view[2] === open) incidents = [incident, ...incidents];
    incidents.sort((a, b) => b.startMs - a.startMs);
    show(incidents);
  });
  page.on('again', load);
}

function nothingYet(open) {
  if (open === true) return 'Every entity behaves like itself, as far as its history tells.';
  return 'When an entity behaves unlike itself, it is listed here with the reason.';
}
