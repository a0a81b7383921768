import { h } from './dom.js';
import { describeAnomaly } from './format.js';
import { entityLink, incidentLink, incidentRange } from './router.js';
import { severityBadge } from './severity.js';
import { formatDuration, now, timeElement } from './time.js';

export const durationMs = (incident) => (incident.resolvedMs ?? now()) - incident.startMs;

/** What an incident is about, in one sentence. */
export function describeIncident(incident) {
  if (incident.kind === 'absence') return `no data for ${formatDuration(durationMs(incident))}`;
  return describeAnomaly(incident);
}

/** Incidents as rows: how bad, who, why, since when. The sentence is the link. */
export function incidentList(incidents, { names = true } = {}) {
  return h(
    'ul',
    { class: 'incidents' },
    incidents.map((i) => row(i, names)),
  );
}

function row(incident, names) {
  const open = incident.resolvedMs === null;
  return h(
    'li',
    { class: `incident ${open ? 'open' : 'past'}` },
    severityBadge(incident.peakSeverity, incident.kind === 'absence' ? 'silent' : 'peak'),
    h(
      'p',
      { class: 'incident-what' },
      names &&
        h(
          'a',
          {
            class: 'entity-link',
            href: entityLink(incident.stream, incident.entity, open ? undefined : incidentRange(incident, now())),
            dataset: { key: `entity ${incident.id}` },
          },
          incident.entity,
        ),
      names && ': ',
      h(
        'a',
        { class: 'sentence', href: incidentLink(incident.id), dataset: { key: `incident ${incident.id}` } },
        describeIncident(incident),
      ),
    ),
    h(
      'p',
      { class: 'incident-when' },
      timeElement(incident.startMs, 'both'),
      open ? ', open' : `, lasted ${formatDuration(durationMs(incident))}`,
    ),
  );
}
