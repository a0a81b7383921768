import type { NotifyConfig, SuppressRule } from '../../core/config/notify.ts';
import type { Incident } from '../../core/types.ts';
import type { OutboxMessage } from '../store.ts';
import type { MaintenanceWindow } from './ports.ts';
import { suppressedBy } from './suppression.ts';

/** The end of a time that has none yet, as Alertmanager writes it. */
const NO_END = '0001-01-01T00:00:00Z';

/**
 * Incidents as messages to the receivers that want them: one when it opens and one when it is resolved, under keys of
 * their own, so that telling the outbox again tells nobody twice. One that is suppressed is told nobody; an incident is
 * judged by its newest state, so a small deviation that grows is told once it is no longer kept back. rulesOf: those of a
 * stream.
 */
export function incidentMessages(
  incidents: readonly Incident[],
  { receivers, consoleUrl }: Pick<NotifyConfig, 'receivers' | 'consoleUrl'>,
  rulesOf: (stream: string) => readonly SuppressRule[],
  maintenance: readonly MaintenanceWindow[],
  nowMs: number,
): OutboxMessage[] {
  const wanted = receivers.filter((receiver) => receiver.incidents);
  const out: OutboxMessage[] = [];
  for (const incident of incidents) {
    if (suppressedBy(incident, rulesOf(incident.stream), maintenance) !== null) continue;
    const status = incident.resolvedMs === null ? 'firing' : 'resolved';
    for (const { name } of wanted) {
      const body = JSON.stringify(webhookOf(incident, status, name, consoleUrl));
      out.push({ id: `incident:${incident.id}:${status}:${name}`, receiver: name, body, createdMs: nowMs });
    }
  }
  return out;
}

/** In the format of Alertmanager's webhooks (version 4). The entity is in it: receivers are told of things, not counted. */
function webhookOf(incident: Incident, status: 'firing' | 'resolved', receiver: string, consoleUrl: string) {
  const { id, stream, entity, kind, startMs, resolvedMs, summary, peakSeverity } = incident;
  const labels = { alertname: `incident_${kind}`, stream, entity, severity: 'warning' };
  const annotations = {
    summary: `${entity} (${stream}): ${summary}`,
    description: `peak severity ${peakSeverity.toPrecision(3)}`,
  };
  const alert = {
    status,
    labels,
    annotations,
    startsAt: new Date(startMs).toISOString(),
    endsAt: resolvedMs === null ? NO_END : new Date(resolvedMs).toISOString(),
    generatorURL: `${consoleUrl}/#/incidents/${encodeURIComponent(id)}`,
    fingerprint: id,
  };
  return {
    version: '4',
    groupKey: `{}:{incident="${id}"}`,
    truncatedAlerts: 0,
    status,
    receiver,
    groupLabels: { stream },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: consoleUrl,
    alerts: [alert],
  };
}
