import { entityApi, get } from './api.js';
import { attributionTable } from './attributions.js';
import { entityCharts } from './charts.js';
import { fill, h, panel, part } from './dom.js';
import { formatCount, formatSeverity } from './format.js';
import { incidentLabels } from './incident-labels.js';
import { describeIncident, durationMs } from './incident-list.js';
import { entityLink, incidentRange, navigate } from './router.js';
import { levelOf } from './severity.js';
import { empty, loader, notThere } from './states.js';
import { formatDuration, now, timeElement } from './time.js';

const CHARTED = 3;

export const title = () => 'Incident';

/** One incident: what, how bad, how long, which metrics, and what it looked like. */
export function draw(root, page) {
  const { id } = page.params;
  const head = h('div', { class: 'incident-head' }, h('h1', null, 'Incident'));
  const body = h('div', { class: 'incident-body monitor-body' });
  const why = panel('Evidence at its peak');
  const around = panel('Around it');
  const labels = incidentLabels(id, page);
  root.append(head, body);
  let charts = null;
  page.signal.addEventListener('abort', () => charts?.destroy());

  const drawHead = part(head, heading);
  const drawWhy = part(why.body, (incident) =>
    incident.attributions.length === 0
      ? empty('No single metric stands out.', incident.kind === 'absence' ? 'The entity sent nothing at all.' : '')
      : attributionTable(incident.attributions),
  );

  const show = ({ incident, series }) => {
    document.title = `${incident.entity}: incident · Tidewatch`;
    drawHead(incident);
    drawWhy(incident);
    if (series.times.length === 0) fill(around.body, empty('The windows of this time are no longer kept.'));
    else {
      if (!charts) {
        const metrics = incident.attributions.slice(0, CHARTED).map((a) => a.metric);
        const zoom = (fromMs, toMs) => navigate(entityLink(incident.stream, incident.entity, { fromMs, toMs }));
        charts = entityCharts(zoom, metrics);
        fill(around.body, charts.node);
      }
      charts.update(series);
    }
    if (!body.contains(why.node)) fill(body, h('div', { class: 'pair' }, why.node, labels), around.node);
  };

  const reload = loader(
    body,
    'the incident',
    page.signal,
    async () => {
      const incident = await get(`/api/incidents/${encodeURIComponent(id)}`, {}, page.signal);
      const { fromMs, toMs } = incidentRange(incident, now());
      const path = entityApi(incident.stream, incident.entity);
      return { incident, series: await get(path, { from: fromMs, to: toMs }, page.signal) };
    },
    show,
    () =>
      notThere(
        `No incident ${id} is known.`,
        'The address is cut off, or it is so old that it is no longer kept. ',
        h('a', { href: '/incidents' }, 'See all incidents'),
      ),
  );
  page.on('incident', (incident) => {
    if (incident.id === id) reload();
  });
  page.on('again', reload);
}

function heading(incident) {
  const open = incident.resolvedMs === null;
  const at = entityLink(incident.stream, incident.entity, incidentRange(incident, now()));
  return [
    h('h1', null, `${incident.entity}: ${describeIncident(incident)}`),
    h(
      'dl',
      { class: 'facts' },
      fact(
        'State',
        open ? h('b', { class: 'alarmed' }, 'open') : ['resolved ', timeElement(incident.resolvedMs, 'both')],
      ),
      fact('Started', timeElement(incident.startMs, 'both')),
      fact(open ? 'So far' : 'Lasted', formatDuration(durationMs(incident))),
      fact('Peak severity', `${formatSeverity(incident.peakSeverity)}, ${levelOf(incident.peakSeverity)}`),
      fact('Anomalous windows', formatCount(incident.windows)),
      fact('Stream', incident.stream),
      incident.suppressed && fact('Notification', keptBack(incident.suppressed)),
    ),
    h('p', null, h('a', { class: 'button', href: at }, `Open ${incident.entity} at that time`)),
  ];
}

const keptBack = ({ by, name, reason }) =>
  by === 'maintenance'
    ? `kept back by maintenance: ${reason}`
    : `kept back by rule ${name}${reason ? `: ${reason}` : ''}`;

const fact = (name, value) => h('div', null, h('dt', null, name), h('dd', null, value));
