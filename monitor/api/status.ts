import type { Clock } from '../../core/clock.ts';
import { DISPOSITIONS } from '../../core/types.ts';
import type { Counters } from '../../ingest/ports.ts';
import type { Live, PartitionStatus, Reader } from '../ports.ts';
import { RateMeter } from './rates.ts';

/** Open incidents counted at most; beyond it the page says "more than". */
const MAX_COUNTED = 100;
const COUNTED = [...DISPOSITIONS, 'conflicts', 'events'] as const;

export interface StatusOptions {
  reader: Reader;
  live: Live;
  clock: Clock;
  version: string;
  startedMs: number;
  demo: boolean;
}

export type Status = Awaited<ReturnType<StatusBoard['read']>>;

/** What the overview and the pipeline page show of the process and its streams. */
export class StatusBoard {
  readonly #options: StatusOptions;
  readonly #meter = new RateMeter();

  constructor(options: StatusOptions) {
    this.#options = options;
  }

  async read() {
    const { reader, live, clock, version, startedMs, demo } = this.#options;
    const [partitions, open] = await Promise.all([
      reader.partitions(),
      reader.incidents({ open: true, limit: MAX_COUNTED }),
    ]);
    this.#meter.observe(partitions);
    const streams = live.streams();
    const names = new Set([...streams.map((s) => s.stream), ...partitions.map((p) => p.stream)]);
    return {
      version,
      nowMs: clock.now(),
      startedMs,
      demo,
      openIncidents: open.length,
      openIncidentsAtMost: MAX_COUNTED,
      streams: [...names].sort().map((stream) => {
        const mine = partitions.filter((p) => p.stream === stream);
        const status = streams.find((s) => s.stream === stream);
        return {
          stream,
          mode: status?.mode ?? null,
          source: status?.source ?? null,
          modelId: status?.modelId ?? null,
          training: status?.training ?? null,
          ready: status?.ready ?? false,
          lagRecords: status?.lagRecords ?? null,
          pointsPerS: this.#meter.pointsPerS(stream),
          lastRecordMs: mine.some((p) => p.offsetNext > 0) ? this.#meter.lastRecordMs(stream) : null,
          watermarkMs: watermark(mine),
          counters: sum(mine),
          partitions: mine,
        };
      }),
    };
  }
}

/** The slowest partition's; null before any record. */
function watermark(partitions: readonly PartitionStatus[]): number | null {
  const known = partitions.map((p) => p.watermarkMs).filter((ms) => Number.isFinite(ms) && ms > 0);
  return known.length > 0 ? Math.min(...known) : null;
}

function sum(partitions: readonly PartitionStatus[]): Counters {
  const total = Object.fromEntries(COUNTED.map((name) => [name, 0])) as Counters;
  for (const { counters } of partitions) for (const name of COUNTED) total[name] += counters[name];
  return total;
}
