import { z } from 'zod';

/** What callers may send. Unknown properties are refused, and every list and range has a limit. */
export const MAX_BODY_BYTES = 65_536;
export const MAX_RANGE_MS = 31 * 24 * 3_600_000;
export const DEFAULT_RANGE_MS = 3_600_000;
export const MAX_INCIDENTS = 500;
export const MAX_DEAD_LETTERS = 200;
export const MAX_ENTITIES = 2_000;
/** Windows read for one chart, at most: a day of 10-second windows is 8,640. */
export const MAX_WINDOWS_READ = 10_000;
/** Points that one chart gets, at most: more than pixels across it show nothing more. */
export const MAX_POINTS = 720;

const name = z.string().min(1).max(256);
const instantMs = z.coerce.number().int().min(0).max(8_640_000_000_000_000);
const flag = z.enum(['true', 'false']).transform((v) => v === 'true');
const upTo = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

export const noQuery = z.strictObject({});

export const entitiesQuery = z.strictObject({
  stream: name.optional(),
  limit: upTo(MAX_ENTITIES, 500),
});

export const entityQuery = z
  .strictObject({
    from: instantMs.optional().describe('Start of the range, milliseconds since the Unix epoch.'),
    to: instantMs.optional().describe('End of the range; the newest window if left out.'),
    points: upTo(MAX_POINTS, MAX_POINTS).describe('Points at most; the most severe window stands for its neighbours.'),
  })
  .refine((q) => q.from === undefined || q.to === undefined || q.from < q.to, {
    message: 'from must be before to',
    path: ['from'],
  })
  .refine((q) => q.from === undefined || q.to === undefined || q.to - q.from <= MAX_RANGE_MS, {
    message: 'a range holds at most 31 days',
    path: ['to'],
  });

const since = { from: instantMs.optional().describe('Start of the range, milliseconds since the Unix epoch.') };
const until = { to: instantMs.optional().describe('End of the range.') };
const ordered = (q: { from?: number | undefined; to?: number | undefined }): boolean =>
  q.from === undefined || q.to === undefined || q.from < q.to;
const ORDERED = { message: 'from must be before to', path: ['from'] };

export const incidentsQuery = z
  .strictObject({
    ...since,
    ...until,
    open: flag.optional(),
    stream: name.optional(),
    entity: name.optional(),
    limit: upTo(MAX_INCIDENTS, 100),
  })
  .refine(ordered, ORDERED);

export const deadLettersQuery = z
  .strictObject({
    ...since,
    ...until,
    stream: name.optional(),
    code: z.string().min(1).max(64).optional(),
    limit: upTo(MAX_DEAD_LETTERS, 50),
  })
  .refine(ordered, ORDERED);

export const faultBody = z.strictObject({
  fault: z.string().min(1).max(64).describe('Name of the fault.'),
  entity: name.optional().describe('Entity of the demo fleet; chosen by the seed if left out.'),
  metric: name.optional().describe('Metric; the most fitting one if left out.'),
  durationMs: z.int().min(1_000).max(86_400_000).optional().describe('Length in event time.'),
  magnitude: z.number().min(0.01).max(100).optional().describe('1 is the usual strength.'),
});

export const idParams = z.strictObject({ id: z.string().min(1).max(1024) });
export const entityParams = z.strictObject({ stream: name, '*': name });
