import { z } from 'zod';
import { fail, ok, type Result } from '../../../core/errors.ts';
import { unknownModel } from '../../registry.ts';
import type { Command } from '../../types.ts';
import { type Operation, operation } from '../operation.ts';
import type { MonitorParts } from './ports.ts';
import { decisions, document, modelRef, note, streamName } from './schemas.ts';

const commandBody = z.strictObject({
  command: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.enum(['revert', 'retrain', 'recalibrate', 'suspend', 'resume']) }),
      z.strictObject({ kind: z.enum(['promote', 'approve', 'reject']), model: modelRef }),
      z.strictObject({ kind: z.literal('mode'), mode: z.enum(['forest', 'fallback', 'disabled']) }),
    ])
    .describe('What the controller is asked for.'),
  note,
});

/** Models, and the switchboard of the controller. Whatever is asked for becomes a decision in the ledger. */
export function controlOperations({ streams, registry, command }: MonitorParts): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/api/control/{stream}',
      id: 'command',
      scope: 'operate',
      summary:
        'Asks the controller for something: promote, revert, retrain, recalibrate, approve, reject, suspend, resume, mode.',
      params: z.strictObject({ stream: streamName }),
      body: commandBody,
      answer: decisions,
      handle: async ({ params, body, identity }): Promise<Result<unknown>> => {
        if (!streams.includes(params.stream)) return fail('not_found', `stream ${params.stream}`);
        const decided = await command(params.stream, body.command as Command, identity.actor, body.note);
        return decided.ok ? ok({ decisions: decided.value }) : decided;
      },
    }),
    operation({
      method: 'GET',
      path: '/api/models',
      id: 'listModels',
      scope: 'read',
      summary: 'Models with roles, lineage and evaluation, newest first.',
      query: z.strictObject({ stream: streamName.optional() }),
      answer: z.strictObject({ models: z.array(document('A model without its bytes.')) }),
      handle: async ({ query }) => ok({ models: await registry.list(query.stream) }),
    }),
    operation({
      method: 'POST',
      path: '/api/models/{id}/keep',
      id: 'keepModel',
      scope: 'operate',
      summary: 'Keeps a model from being removed when it is old, or no longer does.',
      params: z.strictObject({ id: z.string().min(1).max(64).describe('Id of the model.') }),
      body: z.strictObject({ keep: z.boolean().describe('Whether it is kept.') }),
      answer: z.null(),
      status: 204,
      handle: async ({ params, body }): Promise<Result<unknown>> => {
        const known = await registry.list();
        if (!known.some(({ id }) => id === params.id)) return { ok: false, fault: unknownModel(params.id, known) };
        await registry.keep(params.id, body.keep);
        return ok(null);
      },
    }),
  ];
}
