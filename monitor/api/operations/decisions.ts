import { z } from 'zod';
import { ok, type Result } from '../../../core/errors.ts';
import { found, type Operation, operation } from '../operation.ts';
import type { MonitorParts } from './ports.ts';
import { document, instantMs, ledgerEntry, limit, queryMs, streamName } from './schemas.ts';

const MAX_ENTRIES = 500;

/** What was decided, and whether that can be proved. */
export function decisionOperations({ streams, store, explain, budgets }: MonitorParts): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/monitor',
      id: 'listMonitored',
      scope: 'read',
      summary:
        'What the monitor makes of each stream: what serves, how far a candidate is, what is spent, what is held.',
      answer: z.strictObject({ streams: z.array(document('State of a stream; null before its first look.')) }),
      handle: async () => {
        const states = await Promise.all(streams.map((stream) => store.state(stream)));
        return ok({
          streams: streams.map((stream, i) => {
            const { retrainsPerMonth, rollbacksPerDay, recalibrationsPerDay } = budgets?.(stream) ?? {};
            return { stream, state: states[i], budgets: { retrainsPerMonth, rollbacksPerDay, recalibrationsPerDay } };
          }),
        });
      },
    }),
    operation({
      method: 'GET',
      path: '/api/decisions',
      id: 'listDecisions',
      scope: 'read',
      summary: 'The ledger, newest first.',
      query: z.strictObject({
        stream: streamName.optional(),
        from: queryMs.optional().describe('Only what was decided from this event time on.'),
        to: queryMs.optional().describe('Only what was decided before this event time.'),
        before: z.coerce.number().int().min(1).optional().describe('Only entries with a smaller seq: the next page.'),
        limit: limit(MAX_ENTRIES, 100),
      }),
      answer: z.strictObject({ entries: z.array(ledgerEntry) }),
      handle: async ({ query }) => ok({ entries: await newestFirst(store, query) }),
    }),
    operation({
      method: 'GET',
      path: '/api/decisions/{id}',
      id: 'explainDecision',
      scope: 'read',
      summary: 'One decision, computed again from its evidence alone, and whether that agrees with what was written.',
      params: z.strictObject({ id: z.string().min(1).max(80).describe('Its id, or `latest`.') }),
      answer: z.strictObject({
        entry: ledgerEntry,
        agrees: z.boolean(),
        why: z.string(),
        sentences: z.array(z.string()),
        checkedMs: instantMs.optional(),
      }),
      handle: async ({ params }): Promise<Result<unknown>> => {
        const entry = found(await store.decision(params.id), `decision ${params.id}`);
        if (!entry.ok) return entry;
        const { agrees, why, sentences } = await explain(entry.value);
        return ok({ entry: entry.value, agrees, why, sentences });
      },
    }),
  ];
}

/** The newest entries before a sequence number: the ledger is read from its end in pages that double until they suffice. */
async function newestFirst(
  store: MonitorParts['store'],
  query: {
    stream?: string | undefined;
    from?: number | undefined;
    to?: number | undefined;
    before?: number | undefined;
    limit: number;
  },
) {
  const newest = await store.decision('latest');
  const toSeq = Math.min(query.before ?? Number.MAX_SAFE_INTEGER, (newest?.seq ?? 0) + 1);
  const stream = query.stream === undefined ? {} : { stream: query.stream };
  for (let span = query.limit; ; span *= 2) {
    const fromSeq = Math.max(1, toSeq - span);
    const read = await store.ledger({ ...stream, fromSeq, toSeq });
    const entries = read.filter(
      ({ decision: { atMs } }) => atMs >= (query.from ?? 0) && atMs < (query.to ?? Number.POSITIVE_INFINITY),
    );
    if (entries.length >= query.limit || fromSeq === 1) return entries.slice(-query.limit).reverse();
  }
}
