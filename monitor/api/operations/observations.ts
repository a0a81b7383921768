import { z } from 'zod';
import { ok } from '../../../core/errors.ts';
import type { Observation } from '../../observation.ts';
import { featureShifts, MEASURES, OBSERVATION_FIELDS, partOf } from '../observed.ts';
import { type Operation, operation } from '../operation.ts';
import type { MonitorParts } from './ports.ts';
import { document, instantMs, limit, queryMs, streamName } from './schemas.ts';

const HOUR_MS = 3_600_000;
/** Observations that one answer holds: two weeks of grains of an hour. */
const MAX_SPAN_MS = 14 * 24 * HOUR_MS;
const MAX_FIELDS = 50;
const MAX_FIELDS_CHARACTERS = 2_000;
const MAX_NAME_CHARACTERS = 256;
const MAX_FEATURES = 5_000;
const USUAL_FEATURES = 20;
const MAX_DECIMALS = 10;
const USUAL_DECIMALS = 4;

const within = {
  from: queryMs.describe('Event time from which on.'),
  to: queryMs.describe('Event time before which.'),
};
const inOrder = (q: { from: number; to: number }) => q.from < q.to && q.to - q.from <= MAX_SPAN_MS;
const order = { message: 'from before to, and at most 14 days apart', path: ['to'] };

const fieldNames = z
  .string()
  .max(MAX_FIELDS_CHARACTERS)
  .transform((text) => text.split(','))
  .refine((names) => names.length <= MAX_FIELDS && names.every((name) => OBSERVATION_FIELDS.has(name)), {
    message: `at most ${MAX_FIELDS} fields of an observation, such as windows, spans.day or spans.day.drift`,
  })
  .describe(
    'Only these fields of each, separated by commas: `windows,cause,spans.day,spans.interval.drift`. All if left out; `atMs` is always there.',
  );

/** What was seen. */
export function observationOperations({ store }: Pick<MonitorParts, 'store'>): Operation[] {
  const reading = new Map<string, Promise<Observation[]>>();
  /** A page asks for both forms of one time at once, and what is large is read once for them. */
  const read = (stream: string, from: number, to: number): Promise<Observation[]> => {
    const key = `${from} ${to} ${stream}`;
    const already = reading.get(key);
    if (already) return already;
    const started = store.observations(stream, from, to).finally(() => reading.delete(key));
    reading.set(key, started);
    return started;
  };
  return [
    operation({
      method: 'GET',
      path: '/api/observations/{stream}',
      id: 'readObservations',
      scope: 'read',
      summary: 'The figures of a stream, one set a grain of event time, oldest first.',
      params: z.strictObject({ stream: streamName }),
      query: z
        .strictObject({
          ...within,
          fields: fieldNames.optional(),
          feature: z
            .string()
            .max(MAX_NAME_CHARACTERS)
            .optional()
            .describe('Only this one of the features. All if left out.'),
        })
        .refine(inOrder, order),
      answer: z.strictObject({ observations: z.array(document('Figures, features, cause and lanes.')) }),
      handle: async ({ params, query }) => {
        const observations = await read(params.stream, query.from, query.to);
        return ok({ observations: observations.map((whole) => partOf(whole, query)) });
      },
    }),
    operation({
      method: 'GET',
      path: '/api/observations/{stream}/features',
      id: 'readFeatureShifts',
      scope: 'read',
      summary: 'How far features have shifted from training, one value an interval, the most shifted first.',
      params: z.strictObject({ stream: streamName }),
      query: z
        .strictObject({
          ...within,
          measure: z
            .enum(MEASURES)
            .default('psi')
            .describe('Population stability index, or Kolmogorov-Smirnov distance.'),
          decimals: z.coerce
            .number()
            .int()
            .min(0)
            .max(MAX_DECIMALS)
            .default(USUAL_DECIMALS)
            .describe('Decimals of the values.'),
          limit: limit(MAX_FEATURES, USUAL_FEATURES),
        })
        .refine(inOrder, order),
      answer: z.strictObject({
        intervalMs: z.number().int().nullable().describe('null: nothing was seen in this time.'),
        ends: z.array(instantMs).describe('Ends of the intervals, counted back from the newest observation.'),
        total: z.number().int().describe('Features that were measured in this time, those beyond the limit included.'),
        features: z.array(
          z.strictObject({
            feature: z.string(),
            limit: z.number().describe('What it is held against.'),
            values: z.array(z.number().nullable()).describe('One an interval; null where it is not known.'),
            statuses: z.array(z.enum(['ok', 'warn', 'drift', 'unknown'])).describe('One an interval.'),
          }),
        ),
      }),
      handle: async ({ params, query: { from, to, measure, decimals, limit: most } }) =>
        ok(featureShifts(await read(params.stream, from, to), { measure, most, decimals })),
    }),
  ];
}
