import { Random } from '../../core/random.ts';
import type { Incident, Sample, Verdict } from '../../core/types.ts';
import type { Counters } from '../../ingest/ports.ts';
import type {
  DeadLetterCount,
  DeadLetterFilter,
  EntityStatus,
  FaultControl,
  IncidentFilter,
  Live,
  LiveEvent,
  PartitionStatus,
  Reader,
  StoredDeadLetter,
  StoredVerdict,
  StreamStatus,
  TimeRange,
} from '../../monitor/ports.ts';
import { FaultSwitchboard } from '../../scenarios/faults/control.ts';
import { FaultInjector } from '../../scenarios/faults/injector.ts';
import { Fleet } from '../../scenarios/fleet/fleet.ts';
import { FLEET_ENTITIES, METRICS } from '../../scenarios/fleet/services.ts';
import { FixtureEntity } from './fixture-entity.ts';

export const WINDOW_MS = 10_000;
const USUAL_HOST = 'workstation';
const HOST_NEEDED = 720;
const HOST_SEEN = 412;

interface Planted {
  fault: string;
  entity: string;
  metric?: string;
  /** How long before the end of the history it starts, and how long it lasts. */
  beforeEndMs: number;
  durationMs: number;
  magnitude?: number;
}

const MINUTE = 60_000;
export const PLANTED: readonly Planted[] = [
  { fault: 'traffic_drop', entity: 'shipping', beforeEndMs: 310 * MINUTE, durationMs: 12 * MINUTE },
  { fault: 'leak', entity: 'search', beforeEndMs: 220 * MINUTE, durationMs: 9 * MINUTE, magnitude: 3 },
  { fault: 'silence', entity: 'inventory', beforeEndMs: 95 * MINUTE, durationMs: 5 * MINUTE },
  { fault: 'latency_step', entity: 'auth', beforeEndMs: 41 * MINUTE, durationMs: 6 * MINUTE },
  { fault: 'latency_step', entity: 'checkout', beforeEndMs: 7 * MINUTE, durationMs: 30 * MINUTE },
  { fault: 'unit_change', entity: 'ledger', beforeEndMs: 2 * MINUTE, durationMs: 30 * MINUTE },
];

export interface FixtureOptions {
  seed?: number;
  endMs: number;
  historyMs?: number;
  planted?: readonly Planted[];
  /** Name of the one entity of the second stream. */
  host?: string;
}

/** Telemetry of the demo fleet and one host, held in memory: the same for a seed and an end, whatever the machine. */
export class FixtureWorld implements Reader, Live {
  readonly faults: FaultControl;
  readonly #fleet: Fleet;
  readonly #injector: FaultInjector;
  readonly #host: Random;
  readonly #hostName: string;
  readonly #entities = new Map<string, FixtureEntity>();
  readonly #incidents = new Map<string, Incident>();
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  readonly #planted: { planted: Planted; startMs: number }[];
  readonly #deadLetters: StoredDeadLetter[];
  readonly #counters: Record<string, Counters> = { demo: noCounts(), host: noCounts() };
  #hostWindows = 0;
  /** Set to make every read fail as PostgreSQL does when it is away. */
  failure: Error | null = null;

  constructor({ seed = 7, endMs, historyMs = 6 * 3_600_000, planted = PLANTED, host = USUAL_HOST }: FixtureOptions) {
    this.#hostName = host;
    const startMs = Math.floor((endMs - historyMs) / WINDOW_MS) * WINDOW_MS;
    this.#fleet = new Fleet({ seed, startMs, stepMs: WINDOW_MS });
    this.#injector = new FaultInjector(
      seed,
      FLEET_ENTITIES.map((entity) => [entity, METRICS] as const),
    );
    this.faults = new FaultSwitchboard(this.#injector, () => this.#fleet.timeMs);
    this.#host = new Random(seed).fork('host');
    this.#planted = planted.map((p) => ({ planted: p, startMs: endMs - p.beforeEndMs }));
    for (const entity of FLEET_ENTITIES)
      this.#entities.set(`demo/${entity}`, new FixtureEntity('demo', entity, WINDOW_MS, 'forest', startMs));
    this.#entities.set(`host/${host}`, new FixtureEntity('host', host, WINDOW_MS, 'fallback', startMs));
    this.#deadLetters = deadLetters(endMs);
    for (const { stream } of this.#deadLetters) this.#counters[stream]!.dead_lettered++;
    while (this.nowMs < endMs) this.step();
  }

  /** End of the newest window. */
  get nowMs(): number {
    return this.#fleet.timeMs;
  }

  /** One window of everything, announced to listeners as the fold would. */
  step(): void {
    const due = this.#planted.filter((p) => p.startMs <= this.#fleet.timeMs);
    for (const entry of due) {
      this.#planted.splice(this.#planted.indexOf(entry), 1);
      const { fault, entity, metric, durationMs, magnitude } = entry.planted;
      const request = { fault, entity, durationMs, ...(metric ? { metric } : {}), ...(magnitude ? { magnitude } : {}) };
      this.#injector.inject(request, this.#fleet.timeMs);
    }
    const verdicts: Verdict[] = [];
    const incidents: Incident[] = [];
    const take = (stream: string, sample: Sample) => {
      const scored = this.#entities.get(`${stream}/${sample.entity}`)!.score(sample);
      verdicts.push(scored.verdict);
      incidents.push(...scored.incidents);
      this.#counters[stream]!.applied += sample.names.length;
    };
    const demo = { sample: (s: Sample) => take('demo', s), event: () => undefined };
    this.#fleet.step({ sample: (s) => this.#injector.apply(s, demo), event: () => undefined });
    this.#hostWindows++;
    take('host', this.#hostSample());
    if (this.#hostWindows % 97 === 0) this.#counters.demo!.late++;
    if (this.#hostWindows % 211 === 0) this.#counters.demo!.duplicate++;
    for (const entity of this.#entities.values()) {
      const missing = entity.pass(this.nowMs);
      if (missing) incidents.push(missing);
    }
    for (const incident of incidents) this.#incidents.set(incident.id, incident);
    this.emit({ kind: 'verdicts', verdicts });
    for (const incident of incidents) this.emit({ kind: 'incident', incident });
  }

  emit(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  streams(): StreamStatus[] {
    return [
      {
        stream: 'demo',
        mode: 'forest',
        source: 'forest',
        modelId: 'demo-9f31c2',
        training: null,
        lagRecords: 0,
        ready: true,
      },
      {
        stream: 'host',
        mode: 'fallback',
        source: 'fallback',
        modelId: null,
        training: { windows: (this.#hostWindows + HOST_SEEN) % HOST_NEEDED, needed: HOST_NEEDED },
        lagRecords: 0,
        ready: true,
      },
    ];
  }

  async entities(stream?: string): Promise<EntityStatus[]> {
    this.#check();
    const all = [...this.#entities.values()].flatMap((e): EntityStatus[] => {
      const last = e.verdicts.at(-1);
      if (!last || (stream !== undefined && e.stream !== stream)) return [];
      const { severity, source, probation } = last;
      const lastWindowEndMs = last.windowStartMs + last.windowMs;
      const { openIncidentId } = e;
      return [{ stream: e.stream, entity: e.entity, lastWindowEndMs, severity, source, probation, openIncidentId }];
    });
    return all.sort((a, b) => b.severity - a.severity || (a.entity < b.entity ? -1 : 1));
  }

  async verdicts(stream: string, entity: string, range: TimeRange, limit: number): Promise<StoredVerdict[]> {
    this.#check();
    const all = this.#entities.get(`${stream}/${entity}`)?.verdicts ?? [];
    return all.filter((v) => v.windowStartMs >= range.fromMs && v.windowStartMs < range.toMs).slice(-limit);
  }

  async verdict(id: string): Promise<StoredVerdict | null> {
    this.#check();
    for (const entity of this.#entities.values()) {
      const found = entity.verdicts.find((v) => v.id === id);
      if (found) return found;
    }
    return null;
  }

  async incidents(filter: IncidentFilter): Promise<Incident[]> {
    this.#check();
    return [...this.#incidents.values()]
      .filter((i) => filter.stream === undefined || i.stream === filter.stream)
      .filter((i) => filter.entity === undefined || i.entity === filter.entity)
      .filter((i) => filter.open === undefined || (i.resolvedMs === null) === filter.open)
      .filter((i) => filter.sinceMs === undefined || i.resolvedMs === null || i.resolvedMs >= filter.sinceMs)
      .filter((i) => filter.untilMs === undefined || i.startMs < filter.untilMs)
      .sort((a, b) => b.startMs - a.startMs)
      .slice(0, filter.limit);
  }

  async incident(id: string): Promise<Incident | null> {
    this.#check();
    return this.#incidents.get(id) ?? null;
  }

  async partitions(): Promise<PartitionStatus[]> {
    this.#check();
    return Object.entries(this.#counters).map(([stream, counters]) => ({
      stream,
      partition: 0,
      offsetNext: this.#hostWindows * (stream === 'demo' ? FLEET_ENTITIES.length : 1),
      watermarkMs: this.nowMs - 2_000,
      counters: { ...counters },
      checkpointedMs: this.nowMs,
    }));
  }

  async deadLetters(limit: number, filter: DeadLetterFilter = {}): Promise<StoredDeadLetter[]> {
    this.#check();
    const { stream, code, sinceMs = 0, untilMs = Number.POSITIVE_INFINITY } = filter;
    return this.#deadLetters
      .filter((d) => (stream === undefined || d.stream === stream) && (code === undefined || d.code === code))
      .filter((d) => d.receivedMs >= sinceMs && d.receivedMs < untilMs)
      .slice(0, limit);
  }

  async deadLetterCounts(filter: DeadLetterFilter): Promise<DeadLetterCount[]> {
    const counts = new Map<string, DeadLetterCount>();
    for (const { stream, code } of await this.deadLetters(Number.POSITIVE_INFINITY, filter)) {
      const held = counts.get(`${stream} ${code}`) ?? { stream, code, count: 0, redriven: 0 };
      counts.set(`${stream} ${code}`, { ...held, count: held.count + 1 });
    }
    return [...counts.values()];
  }

  #check(): void {
    if (this.failure) throw this.failure;
  }

  #hostSample(): Sample {
    const r = this.#host;
    return {
      entity: this.#hostName,
      timeMs: this.#fleet.timeMs - WINDOW_MS,
      names: ['cpu_busy_percent', 'memory_used_bytes', 'disk_busy_ratio', 'network_rx_bytes'],
      values: [22 + 2 * r.normal(), 7.4e9 + 5e7 * r.normal(), 0.11 + 0.008 * r.normal(), 84_000 + 3_000 * r.normal()],
    };
  }
}

const noCounts = (): Counters => ({
  applied: 0,
  late: 0,
  duplicate: 0,
  dead_lettered: 0,
  filtered: 0,
  conflicts: 0,
  events: 0,
});

function deadLetters(endMs: number): StoredDeadLetter[] {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const rows: [string, string, string][] = [
    ['record_not_json', 'unexpected end at byte 61', '{"entity":"payments","timeMs":1760000000000,"values":{"latency'],
    ['value_not_finite', 'metric error_ratio is NaN', '{"entity":"cart","values":{"error_ratio":"NaN"}}'],
    ['time_in_future', '2 h ahead of the append time', 'cpu,host=a value=1 1893456000000000000'],
    ['key_forbidden', 'field __proto__', '{"__proto__":{"admin":true},"entity":"<img src=x onerror=alert(1)>"}'],
  ];
  return rows.map(([code, detail, value], i) => ({
    id: `dead-${i + 1}`,
    stream: i === 2 ? 'host' : 'demo',
    partition: 0,
    offset: 18_000 + 37 * i,
    code,
    detail,
    receivedMs: endMs - (i + 1) * 17 * MINUTE,
    key: i === 3 ? null : bytes('key'),
    value: bytes(value),
  }));
}
