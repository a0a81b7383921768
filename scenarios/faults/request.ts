import { distance } from 'fastest-levenshtein';
import { fail, ok, type Result } from '../../core/errors.ts';
import type { FaultRequest } from '../../monitor/ports.ts';
import { FAULT_BY_NAME, FAULTS, type FaultName, type FaultSpec, fittingMetrics } from './table.ts';

export const MAX_FAULT_MS = 7 * 24 * 3_600_000;
export const MAX_MAGNITUDE = 100;

/** A request, checked and completed. metric is null when the fault strikes the entity, or until its metrics are known. */
export interface CheckedRequest {
  spec: FaultSpec & { name: FaultName };
  entity: string;
  metric: string | null;
  durationMs: number;
  magnitude: number;
}

/**
 * Checks a request against the entities and metrics that are known. pick(n) chooses below n for what is left open.
 * Errors: fault_unknown and not_found name the nearest valid name, config_invalid what was wanted.
 */
export function checkRequest(
  request: FaultRequest,
  known: ReadonlyMap<string, readonly string[]>,
  pick: (n: number) => number,
): Result<CheckedRequest> {
  const spec = FAULT_BY_NAME.get(request.fault);
  if (!spec) return fail('fault_unknown', unknown('fault', request.fault, [...FAULTS.map((f) => f.name)]));

  const { durationMs = spec.defaultDurationMs, magnitude = spec.defaultMagnitude } = request;
  if (!(durationMs > 0 && durationMs <= MAX_FAULT_MS))
    return fail('config_invalid', `durationMs: got ${durationMs}, wanted more than 0 and at most ${MAX_FAULT_MS}`);
  if (!(magnitude > 0 && magnitude <= MAX_MAGNITUDE))
    return fail('config_invalid', `magnitude: got ${magnitude}, wanted more than 0 and at most ${MAX_MAGNITUDE}`);

  const entities = [...known.keys()].sort();
  if (request.entity === undefined && entities.length === 0)
    return fail('not_found', 'entity: none has sent anything yet');
  const entity = request.entity ?? entities[pick(entities.length)]!;
  const metrics = known.get(entity);
  if (entities.length > 0 && !metrics) return fail('not_found', unknown('entity', entity, entities));

  if (spec.strikes !== 'metric') {
    if (request.metric !== undefined)
      return fail('config_invalid', `metric: ${spec.name} strikes the whole entity; leave the metric out`);
    return ok({ spec, entity, metric: null, durationMs, magnitude });
  }
  if (request.metric !== undefined && metrics && !metrics.includes(request.metric))
    return fail('not_found', unknown('metric', request.metric, metrics));
  const metric = request.metric ?? (metrics ? chooseMetric(spec, metrics, pick) : null);
  return ok({ spec, entity, metric, durationMs, magnitude });
}

/** The most fitting metric; among metrics of which none is preferred, any. */
export function chooseMetric(spec: FaultSpec, metrics: readonly string[], pick: (n: number) => number): string | null {
  const fitting = fittingMetrics(spec, metrics);
  if (fitting.length === 0) return null;
  const preferred = spec.prefers.some((pattern) => pattern.test(fitting[0]!));
  return fitting[preferred ? 0 : pick(fitting.length)]!;
}

function unknown(what: string, name: string, valid: readonly string[]): string {
  let nearest = '';
  let best = Number.POSITIVE_INFINITY;
  const shown = name.slice(0, 64);
  for (const candidate of valid) {
    const d = distance(shown, candidate);
    if (d < best) {
      best = d;
      nearest = candidate;
    }
  }
  return `${what} ${JSON.stringify(shown)}${nearest ? `, did you mean ${nearest}?` : ''}`;
}
