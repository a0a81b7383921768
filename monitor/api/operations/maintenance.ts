import { z } from 'zod';
import { fail, ok, type Result } from '../../../core/errors.ts';
import { type Operation, operation } from '../operation.ts';
import type { MonitorParts } from './ports.ts';
import { document, entityName, instantMs, limit, streamName } from './schemas.ts';

const MAX_LISTED = 500;
const window = document('A maintenance window.');

/** Times for which nobody is notified; verdicts and incidents are as ever. */
export function maintenanceOperations({ maintenance, now, newId }: MonitorParts): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/maintenance',
      id: 'listMaintenance',
      scope: 'read',
      summary: 'Maintenance windows, latest start first: those ahead, those that are on and those that were.',
      query: z.strictObject({ stream: streamName.optional(), limit: limit(MAX_LISTED, 100) }),
      answer: z.strictObject({ windows: z.array(window) }),
      handle: async ({ query: { stream, limit: most } }) =>
        ok({ windows: await maintenance.list({ limit: most, ...(stream === undefined ? {} : { stream }) }) }),
    }),
    operation({
      method: 'POST',
      path: '/api/maintenance',
      id: 'planMaintenance',
      scope: 'operate',
      summary: 'Plans a maintenance window, for now or ahead.',
      body: z
        .strictObject({
          stream: streamName.nullable().default(null),
          entity: entityName.nullable().default(null),
          metric: z.string().min(1).max(256).nullable().default(null).describe('Name of a metric.'),
          fromMs: instantMs.describe('Start, event time.'),
          toMs: instantMs.describe('End, exclusive.'),
          reason: z.string().min(1).max(1_000).describe('Why; shown with every notification that it keeps back.'),
        })
        .refine((b) => b.fromMs < b.toMs, { message: 'fromMs before toMs', path: ['toMs'] }),
      answer: window,
      status: 201,
      handle: async ({ body, identity }) => {
        const made = { ...body, id: newId(), actor: identity.actor, createdMs: now() };
        await maintenance.add(made);
        return ok({ ...made, endedMs: null, endedBy: null });
      },
    }),
    operation({
      method: 'DELETE',
      path: '/api/maintenance/{id}',
      id: 'endMaintenance',
      scope: 'operate',
      summary: 'Ends a maintenance window now; it stays in the list.',
      params: z.strictObject({ id: z.string().min(1).max(64).describe('Id of the window.') }),
      answer: z.null(),
      status: 204,
      handle: async ({ params, identity }): Promise<Result<unknown>> =>
        (await maintenance.end(params.id, now(), identity.actor))
          ? ok(null)
          : fail('not_found', `maintenance window ${params.id} that has not ended`),
    }),
  ];
}
