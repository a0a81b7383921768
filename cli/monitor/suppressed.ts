import type { StreamConfig } from '../../core/config/stream.ts';
import type { SuppressedOf } from '../../monitor/api/reads.ts';
import { suppressedBy } from '../../monitor/notify/suppression.ts';
import type { MonitorStores } from './stores.ts';

/** What keeps notifications of an incident back: rules of its stream, and planned maintenance. */
export const suppressedIn =
  (streams: readonly StreamConfig[], maintenance: MonitorStores['maintenance']): SuppressedOf =>
  async (incident) => {
    const rules = streams.find(({ name }) => name === incident.stream)?.suppress ?? [];
    return suppressedBy(incident, rules, await maintenance.list({ stream: incident.stream }));
  };
