import Fastify from 'fastify';
import { ManualClock } from '../../../../core/clock.ts';
import { fail, ok } from '../../../../core/errors.ts';
import type { Incident } from '../../../../core/types.ts';
import { Access } from '../../../../monitor/access/tokens.ts';
import { operationRoutes } from '../../../../monitor/api/operation.ts';
import { monitorOperations } from '../../../../monitor/api/operations/index.ts';
import { errorHandler } from '../../../../monitor/api/problems.ts';
import { MemoryAudit, MemoryTokens } from '../../../../monitor/memory/access.ts';
import { MemoryLabels } from '../../../../monitor/memory/labels.ts';
import { MemoryMonitorStore } from '../../../../monitor/memory/monitor-store.ts';
import { MemoryMaintenance } from '../../../../monitor/memory/notify.ts';
import { MemoryRegistry } from '../../../../monitor/memory/registry.ts';
import { MonitorTables } from '../../../../monitor/memory/tables.ts';
import type { Actor, Command } from '../../../../monitor/types.ts';
import { makeIncident } from '../../../store/make.ts';

export const INCIDENT: Incident = makeIncident({
  id: 'inc-1',
  stream: 'shop',
  entity: 'web-1',
  startMs: 1_000,
  lastMs: 5_000,
  attributions: [{ metric: 'cpu', share: 1, value: 9, expectedLow: 1, expectedHigh: 2 }],
});

/** The whole API of a monitor over memory; a command that reaches the controller is noted and decides nothing. */
export async function monitorApi(inCharge = true) {
  const tables = new MonitorTables();
  const clock = new ManualClock();
  const labels = new MemoryLabels(clock);
  const audit = new MemoryAudit();
  const tokens = new MemoryTokens();
  const maintenance = new MemoryMaintenance();
  const registry = new MemoryRegistry(tables, clock);
  const commands: { stream: string; command: Command; actor: Actor; note: string }[] = [];
  let ids = 0;
  const operations = monitorOperations({
    streams: ['shop'],
    store: new MemoryMonitorStore(tables, clock),
    registry,
    labels,
    offers: labels,
    maintenance,
    tokens,
    audit,
    incident: async (id) => (id === INCIDENT.id ? INCIDENT : null),
    dismissalsOf: async () => ok([{ entity: 'web-1', metric: 'cpu', direction: 'high', decades: 4 }]),
    command: async (stream, command, actor, note) => {
      if (!inCharge) return fail('overloaded', 'no controller is in charge');
      commands.push({ stream, command, actor, note });
      return ok([]);
    },
    explain: async () => ({ agrees: true, why: '', sentences: ['It was so.'] }),
    now: () => clock.now(),
    newId: () => `id-${++ids}`,
  });
  const app = Fastify();
  app.setErrorHandler(errorHandler);
  const access = new Access({ tokens, master: undefined, open: true, now: () => clock.now() });
  operationRoutes(app, operations, { access, audit, now: () => clock.now(), elapsed: () => clock.elapsed() });
  const ask = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    return { status: response.statusCode, body: response.body === '' ? null : response.json() };
  };
  return { ask, commands, labels, audit, registry, tables, maintenance, clock };
}
