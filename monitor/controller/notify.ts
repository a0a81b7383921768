import type { NotifyConfig } from '../../core/config/notify.ts';
import type { OutboxMessage } from '../store.ts';
import type { Decision } from '../types.ts';

/**
 * A decision as an alert in the format of Alertmanager's webhooks (version 4), which on-call tools read. The key is the
 * decision's and the receiver's: however often it is sent, it is one message.
 */
export function messagesFor(
  decisions: readonly Decision[],
  { receivers, consoleUrl }: Pick<NotifyConfig, 'receivers' | 'consoleUrl'>,
  nowMs: number,
): OutboxMessage[] {
  const out: OutboxMessage[] = [];
  for (const decision of decisions) {
    if (decision.result === 'dry_run') continue;
    for (const { name, urgencies } of receivers) {
      if (!urgencies.includes(decision.urgency)) continue;
      const body = JSON.stringify(webhookOf(decision, name, consoleUrl));
      out.push({ id: `${decision.id}:${name}`, receiver: name, body, createdMs: nowMs });
    }
  }
  return out;
}

const SEVERITY = { page: 'critical', ticket: 'warning', info: 'info' } as const;

function webhookOf(decision: Decision, receiver: string, consoleUrl: string) {
  const { id, stream, action, trigger, cause, urgency, reason, runbook, result, atMs } = decision;
  const labels = { alertname: trigger ?? action, stream, severity: SEVERITY[urgency], action, result };
  const annotations = {
    summary: `${stream}: ${action.replaceAll('_', ' ')}${result === 'done' ? '' : ` (${result})`}`,
    description: reason,
    ...(cause === null ? {} : { cause }),
    ...(runbook === '' ? {} : { runbook_url: `${consoleUrl}/runbooks/${runbook}` }),
  };
  const link = `${consoleUrl}/#/decisions/${encodeURIComponent(id)}`;
  const startsAt = new Date(atMs).toISOString();
  return {
    version: '4',
    groupKey: `{}:{stream="${stream}",decision="${id}"}`,
    truncatedAlerts: 0,
    status: 'firing',
    receiver,
    groupLabels: { stream },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: consoleUrl,
    alerts: [
      {
        status: 'firing',
        labels,
        annotations,
        startsAt,
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: link,
        fingerprint: id,
      },
    ],
  };
}
