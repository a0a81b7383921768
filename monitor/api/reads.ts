import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { ERRORS, type ErrorCode, fail, ok, type Result } from '../../core/errors.ts';
import type { Incident } from '../../core/types.ts';
import type { Suppressed } from '../notify/suppression.ts';
import type { Reader } from '../ports.ts';
import { requestFault, sendFault } from './problems.ts';
import {
  DEFAULT_RANGE_MS,
  deadLettersQuery,
  entitiesQuery,
  entityParams,
  entityQuery,
  incidentsQuery,
  MAX_RANGE_MS,
  MAX_WINDOWS_READ,
} from './schemas.ts';
import { toSeries } from './series.ts';
import { number, wireDeadLetter, wireIncident, wireVerdict } from './wire.ts';

/** Checks what a caller sent; `where` is query, path or body, for the message. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): Result<T> {
  const parsed = schema.safeParse(value ?? {});
  return parsed.success ? ok(parsed.data) : { ok: false, fault: requestFault(parsed.error, where) };
}

/** Ids may hold any character, slashes too, so they are the rest of the path. */
export const rest = (params: unknown): string => (params as { '*'?: string })['*'] ?? '';

/** What keeps notifications of an incident back, null for nothing. */
export type SuppressedOf = (incident: Incident) => Promise<Suppressed | null>;

/** Everything that is read from the database. */
export function readRoutes(app: FastifyInstance, reader: Reader, clock: Clock, suppressedOf: SuppressedOf): void {
  const told = async (incident: Incident) => ({ ...wireIncident(incident), suppressed: await suppressedOf(incident) });
  app.get('/api/entities', async (request, reply) => {
    const query = parse(entitiesQuery, request.query, 'query');
    if (!query.ok) return sendFault(reply, query.fault);
    const all = await reader.entities(query.value.stream);
    const sorted = all.toSorted((a, b) => Number(b.openIncidentId !== null) - Number(a.openIncidentId !== null));
    return {
      total: all.length,
      anomalous: all.filter((e) => e.severity > 1).length,
      entities: sorted.slice(0, query.value.limit).map((e) => ({ ...e, severity: number(e.severity) })),
    };
  });

  app.get('/api/entities/:stream/*', async (request, reply) => {
    const params = parse(entityParams, request.params, 'path');
    if (!params.ok) return sendFault(reply, params.fault);
    const query = parse(entityQuery, request.query, 'query');
    if (!query.ok) return sendFault(reply, query.fault);
    const { stream, '*': entity } = params.value;
    const toMs = query.value.to ?? clock.now();
    const fromMs = query.value.from ?? toMs - DEFAULT_RANGE_MS;
    if (fromMs >= toMs || toMs - fromMs > MAX_RANGE_MS)
      return sendFault(reply, { code: 'request_invalid', detail: 'query from: wanted up to 31 days before to' });
    const range = { fromMs, toMs };
    const [verdicts, incidents] = await Promise.all([
      reader.verdicts(stream, entity, range, MAX_WINDOWS_READ),
      reader.incidents({ stream, entity, limit: 50 }),
    ]);
    let newestMs: number | null = null;
    if (verdicts.length === 0) {
      const known = (await reader.entities(stream)).find((e) => e.entity === entity);
      if (!known && incidents.length === 0)
        return sendFault(reply, { code: 'not_found', detail: `entity ${entity} of stream ${stream}` });
      newestMs = known?.lastWindowEndMs ?? null;
    }
    return {
      stream,
      entity,
      ...range,
      newestMs,
      truncated: verdicts.length >= MAX_WINDOWS_READ,
      incidents: incidents.map(wireIncident),
      ...toSeries(verdicts, range, query.value.points),
    };
  });

  app.get('/api/verdicts/*', async (request, reply) => {
    const found = await reader.verdict(rest(request.params));
    if (!found) return sendFault(reply, missing('verdict', rest(request.params)));
    return wireVerdict(found);
  });

  app.get('/api/incidents', async (request, reply) => {
    const query = parse(incidentsQuery, request.query, 'query');
    if (!query.ok) return sendFault(reply, query.fault);
    const { open, stream, entity, limit } = query.value;
    const incidents = await reader.incidents({
      limit,
      ...(open === undefined ? {} : { open }),
      ...(stream === undefined ? {} : { stream }),
      ...(entity === undefined ? {} : { entity }),
      ...rangeOf(query.value),
    });
    return { incidents: await Promise.all(incidents.map(told)) };
  });

  app.get('/api/incidents/*', async (request, reply) => {
    const found = await reader.incident(rest(request.params));
    if (!found) return sendFault(reply, missing('incident', rest(request.params)));
    return told(found);
  });

  app.get('/api/dead-letters', async (request, reply) => {
    const query = parse(deadLettersQuery, request.query, 'query');
    if (!query.ok) return sendFault(reply, query.fault);
    const { stream, code, limit } = query.value;
    const range = rangeOf(query.value);
    const all = { ...range, ...(stream === undefined ? {} : { stream }) };
    const [letters, counts] = await Promise.all([
      reader.deadLetters(limit, { ...all, ...(code === undefined ? {} : { code }) }),
      reader.deadLetterCounts(all),
    ]);
    return {
      counts: counts.map((count) => ({ ...count, ...meaningOf(count.code) })),
      deadLetters: letters.map((letter) => wireDeadLetter(letter, meaningOf(letter.code))),
    };
  });
}

const rangeOf = ({ from, to }: { from?: number | undefined; to?: number | undefined }) => ({
  ...(from === undefined ? {} : { sinceMs: from }),
  ...(to === undefined ? {} : { untilMs: to }),
});

function missing(what: string, id: string) {
  return fail('not_found', `${what} ${id.slice(0, 256)}`).fault;
}

/** A code of a newer version is shown as it is. */
function meaningOf(code: string): { meaning: string; remedy: string } {
  const known = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;
  return { meaning: known?.[0] ?? '', remedy: known?.[1] ?? '' };
}
