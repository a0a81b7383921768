import { z } from 'zod';
import { fail, ok, type Result } from '../../../core/errors.ts';
import type { Label } from '../../controller/ports.ts';
import { found, type Operation, operation } from '../operation.ts';
import type { MonitorParts } from './ports.ts';
import { decisions, document, entityName, instantMs, limit, note, streamName } from './schemas.ts';

const MAX_LISTED = 500;
const label = document('A label.');

/** What people say of incidents, and of quiet windows that were offered to them. */
export function labelOperations(parts: MonitorParts): Operation[] {
  const { streams, labels, offers, incident, dismissalsOf, command, now, newId } = parts;
  const labelOf = (about: Omit<Label, 'id' | 'createdMs'>): Label => ({ ...about, id: newId(), createdMs: now() });
  return [
    operation({
      method: 'POST',
      path: '/api/incidents/{id}/label',
      id: 'labelIncident',
      scope: 'operate',
      summary:
        'Confirms or dismisses an incident. A dismissal changes the calibration at once: its like does not alert again.',
      params: z.strictObject({ id: z.string().min(1).max(1024).describe('Id of the incident.') }),
      body: z.strictObject({
        label: z.enum(['confirmed', 'dismissed']).describe('Whether it was right to say so.'),
        note,
      }),
      answer: decisions,
      handle: async ({ params, body, identity }): Promise<Result<unknown>> => {
        const about = found(await incident(params.id), `incident ${params.id}`);
        if (!about.ok) return about;
        const { stream, entity, startMs: fromMs, lastMs: toMs } = about.value;
        const said = body.label === 'confirmed' ? 'anomalous' : 'normal';
        const base = { stream, entity, fromMs, toMs, label: said, incident: params.id, weight: 1 } as const;
        await labels.add(labelOf({ ...base, note: body.note, actor: identity.actor }));
        if (said === 'anomalous') return ok({ decisions: [] });
        const dismissals = await dismissalsOf(about.value);
        if (!dismissals.ok) return dismissals;
        const asked = { kind: 'dismiss', dismissals: dismissals.value, incident: params.id } as const;
        const decided = await command(stream, asked, identity.actor, body.note);
        return decided.ok ? ok({ decisions: decided.value }) : decided;
      },
    }),
    operation({
      method: 'POST',
      path: '/api/labels/{stream}',
      id: 'labelWindows',
      scope: 'operate',
      summary: 'Says of windows of an entity that they are normal or anomalous.',
      params: z.strictObject({ stream: streamName }),
      body: z
        .strictObject({
          entity: entityName,
          fromMs: instantMs.describe('Start of the first window, event time.'),
          toMs: instantMs.describe('Before which the windows start.'),
          label: z.enum(['anomalous', 'normal']).describe('What they are.'),
          offer: z.string().max(64).optional().describe('Id of the offer that is answered, for its weight.'),
          note,
        })
        .refine((b) => b.fromMs < b.toMs, { message: 'fromMs before toMs', path: ['toMs'] }),
      answer: label,
      status: 201,
      handle: async ({ params, body, identity }): Promise<Result<unknown>> => {
        if (!streams.includes(params.stream)) return fail('not_found', `stream ${params.stream}`);
        const { offer: offerId, ...about } = body;
        const offer =
          offerId === undefined
            ? null
            : (await offers.offers({ stream: params.stream })).find(({ id }) => id === offerId);
        if (offer === undefined) return fail('not_found', `offer ${offerId}`);
        const weight = offer === null ? 1 : 1 / offer.probability;
        const made = labelOf({ ...about, stream: params.stream, incident: null, weight, actor: identity.actor });
        await labels.add(made);
        return ok(made);
      },
    }),
    operation({
      method: 'GET',
      path: '/api/labels',
      id: 'listLabels',
      scope: 'read',
      summary: 'Labels, newest first.',
      query: z.strictObject({
        stream: streamName.optional(),
        incident: z.string().max(1024).optional().describe('Of this incident.'),
        limit: limit(MAX_LISTED, 100),
      }),
      answer: z.strictObject({ labels: z.array(label) }),
      handle: async ({ query: { stream, incident: of, limit: most } }) =>
        ok({
          labels: await labels.list({
            limit: most,
            ...(stream === undefined ? {} : { stream }),
            ...(of === undefined ? {} : { incident: of }),
          }),
        }),
    }),
    operation({
      method: 'GET',
      path: '/api/offers/{stream}',
      id: 'listOffers',
      scope: 'read',
      summary: 'Quiet windows that wait for a label, newest first: what alerts miss is known by them alone.',
      params: z.strictObject({ stream: streamName }),
      answer: z.strictObject({ offers: z.array(document('A window, and the probability that it was offered.')) }),
      handle: async ({ params }) =>
        ok({ offers: await offers.offers({ stream: params.stream, unanswered: true, limit: MAX_LISTED }) }),
    }),
  ];
}
