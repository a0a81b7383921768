import { fail, ok, type Result } from '../../core/errors.ts';
import type { LogEvent, Sample } from '../../core/types.ts';
import type { ActiveFault, FaultRequest } from '../../monitor/ports.ts';
import { mix, mixText } from '../draw.ts';
import { encodeTidewatchJson } from '../encode.ts';
import type { SampleSink } from '../sink.ts';
import { DelayLine } from './delay.ts';
import { checkRequest, chooseMetric } from './request.ts';
import type { FaultName, FaultSpec } from './table.ts';
import { DELAY_MS, notSeen, type Seen, struck } from './transform.ts';

export const MAX_ACTIVE_FAULTS = 64;
/** Entities whose metrics are remembered, so that a request can be checked and completed. */
const MAX_KNOWN_ENTITIES = 100_000;
/** Ended faults are kept this long, for samples that come out of order. */
const KEEP_ENDED_MS = 600_000;

interface Running {
  spec: FaultSpec & { name: FaultName };
  active: ActiveFault;
  number: number;
  seen: Seen;
}

/**
 * Puts faults into any stream of samples, by event time alone: a sample at t is struck by the faults of its entity with
 * startMs ≤ t < endMs, in the order in which they were injected. Samples that no fault strikes pass as they are.
 */
export class FaultInjector {
  readonly #seed: number;
  readonly #known = new Map<string, readonly string[]>();
  readonly #delays = new DelayLine();
  #running: Running[] = [];
  #injected = 0;

  /** known: metrics of each entity, for requests that come before any sample. */
  constructor(seed: number, known: Iterable<readonly [string, readonly string[]]> = []) {
    this.#seed = seed;
    for (const [entity, metrics] of known) this.#known.set(entity, metrics);
  }

  get known(): ReadonlyMap<string, readonly string[]> {
    return this.#known;
  }

  /** Starts a fault at nowMs. What the request leaves open is chosen by the seed. Errors: see checkRequest. */
  inject(request: FaultRequest, nowMs: number): Result<ActiveFault> {
    if (this.active(nowMs).length >= MAX_ACTIVE_FAULTS)
      return fail('config_invalid', `${MAX_ACTIVE_FAULTS} faults are active, which is the limit: clear one first`);
    const number = this.#injected + 1;
    const checked = checkRequest(request, this.#known, this.#pick(number));
    if (!checked.ok) return checked;
    this.#injected = number;
    const { spec, entity, metric, durationMs, magnitude } = checked.value;
    const active: ActiveFault = {
      id: `${spec.name}-${number}`,
      fault: spec.name,
      entity,
      metric,
      durationMs,
      magnitude,
      startMs: nowMs,
      endMs: nowMs + durationMs,
    };
    this.#running.push({ spec, active, number, seen: notSeen() });
    return ok({ ...active });
  }

  /** Faults that have not ended at nowMs. */
  active(nowMs: number): ActiveFault[] {
    return this.#running.filter((r) => r.active.endMs > nowMs).map((r) => ({ ...r.active }));
  }

  /** Ends a fault for all samples from here on; false when there is no such fault. */
  clear(id: string): boolean {
    const before = this.#running.length;
    this.#running = this.#running.filter((r) => r.active.id !== id);
    return this.#running.length < before;
  }

  /** Hands the sample on as the faults leave it, at once, later (`delayed`) or never. Does not change the sample. */
  apply(sample: Sample, sink: SampleSink): void {
    this.#learn(sample);
    this.#delays.release(sample.timeMs, sink);
    let current = sample;
    let delayMs = 0;
    for (const running of this.#running) {
      if (!strikes(running, sample.entity, sample.timeMs)) continue;
      const { spec, active } = running;
      if (spec.strikes === 'metric') current = this.#alter(running, current, current === sample);
      else if (spec.name === 'silence' && this.#hit(running, sample.timeMs)) return;
      else if (spec.name === 'delayed') delayMs += DELAY_MS * active.magnitude;
    }
    if (delayMs > 0) this.#delays.hold(current, sample.timeMs + delayMs, sink);
    else {
      // Nothing of an entity overtakes what is still on its way.
      this.#delays.releaseEntity(sample.entity, sink);
      if (current.names.length > 0) sink.sample(current);
    }
    if (this.#running.length > 0) this.#forget(sample.timeMs);
  }

  /** Hands a log event on, unless its entity is silent. */
  event(event: LogEvent, sink: SampleSink): void {
    for (const running of this.#running) {
      if (running.spec.name !== 'silence' || !strikes(running, event.entity, event.timeMs)) continue;
      if (this.#hit(running, event.timeMs)) return;
    }
    sink.event(event);
  }

  /** Hands on everything still held back, at the end of a stream. */
  flush(sink: SampleSink): void {
    this.#delays.release(Number.POSITIVE_INFINITY, sink);
  }

  /** Cuts an encoded record of the entity where a `truncated` fault says so; other records pass as they are. */
  bytes(entity: string, timeMs: number, record: Uint8Array): Uint8Array {
    for (const running of this.#running) {
      if (running.spec.name !== 'truncated' || !strikes(running, entity, timeMs)) continue;
      if (record.length < 2 || !this.#hit(running, timeMs)) continue;
      const draw = mix(this.#seed, running.number, timeMs, mixText(entity)) >>> 0;
      return record.slice(0, 1 + (draw % (record.length - 1)));
    }
    return record;
  }

  /** A sample as the Tidewatch JSON record that its sender would deliver. */
  encode(sample: Sample): Uint8Array {
    return this.bytes(sample.entity, sample.timeMs, encodeTidewatchJson(sample));
  }

  #alter(running: Running, sample: Sample, copy: boolean): Sample {
    const { spec, active, seen } = running;
    active.metric ??= chooseMetric(spec, sample.names, this.#pick(running.number));
    const at = active.metric === null ? -1 : sample.names.indexOf(active.metric);
    if (at < 0) return sample;
    const out = copy ? { ...sample, names: [...sample.names], values: [...sample.values] } : sample;
    if (spec.name !== 'dropped_metric') {
      const elapsedMs = sample.timeMs - active.startMs;
      out.values[at] = struck(spec.name, active.metric!, out.values[at]!, elapsedMs, active.magnitude, seen);
    } else if (this.#hit(running, sample.timeMs)) {
      out.names.splice(at, 1);
      out.values.splice(at, 1);
    }
    return out;
  }

  /** Whether a fault that strikes a share of the records strikes this one: by place, so that order does not matter. */
  #hit(running: Running, timeMs: number): boolean {
    const { magnitude, entity } = running.active;
    if (magnitude >= 1) return true;
    return (mix(this.#seed, running.number, timeMs, mixText(entity), 1) >>> 0) / 4294967296 < magnitude;
  }

  #pick(number: number): (n: number) => number {
    let draws = 0;
    return (n) => (mix(this.#seed, number, ++draws) >>> 0) % n;
  }

  #learn(sample: Sample): void {
    const known = this.#known.get(sample.entity);
    if (known === undefined ? this.#known.size >= MAX_KNOWN_ENTITIES : known.length >= sample.names.length) return;
    this.#known.set(sample.entity, [...sample.names]);
  }

  #forget(timeMs: number): void {
    const limitMs = timeMs - KEEP_ENDED_MS;
    if (this.#running.some((r) => r.active.endMs < limitMs))
      this.#running = this.#running.filter((r) => r.active.endMs >= limitMs);
  }
}

function strikes(running: Running, entity: string, timeMs: number): boolean {
  const { active } = running;
  return active.entity === entity && active.startMs <= timeMs && timeMs < active.endMs;
}
