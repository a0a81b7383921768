import { systemClock } from '../../core/clock.ts';
import { nearestRank, quantile } from './exposition.ts';
import { closingRecord, type Load } from './load.ts';
import type { Site } from './site.ts';
import { type Seen, Visible } from './visible.ts';
import { Worker } from './worker.ts';

export interface LatencyFigures {
  ratePerS: number;
  /** From when the record that closes a window was due to the verdict being visible to another client. */
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
  /** Batches of verdicts, one for each partition and window. */
  boundaries: number;
  verdicts: number;
  /** By the worker's own clock, from the append of that record to the answer of PostgreSQL; within its buckets. */
  workerP50Ms: number;
  workerP99Ms: number;
  /** How late the sender itself was at most; its delay is in the figures above. */
  senderLateMs: number;
}

const WARM_UP_S = 12;
const GRACE_MS = 15_000;
const VERDICT_LATENCY = 'tidewatch_verdict_latency_seconds';
const clock = systemClock;

/** Open loop: records are sent when they are due, whatever the worker does, and delay is counted from then. */
export async function latency(
  site: Site,
  artifact: Uint8Array,
  ratePerS: number,
  seconds: number,
): Promise<LatencyFigures> {
  const entities = 1_000;
  const records = Math.floor((ratePerS * (WARM_UP_S + seconds)) / entities) * entities;
  const load = await site.topic('paced', { entities, metrics: 5, records });
  const stream = await site.stream('paced', artifact);
  const worker = await Worker.start(site, { stream, topic: load.topic, group: stream });
  try {
    await worker.serving();
    const visible = new Visible(site.pool, stream, entities, clock);
    const sender = await site.sender(load, ratePerS);
    const dueMs = (i: number): number => sender.startMs + (i / ratePerS) * 1_000;
    const fromMs = sender.startMs + WARM_UP_S * 1_000;
    const toMs = dueMs(records);
    await visible.until(() => clock.now() >= fromMs, (WARM_UP_S + 5) * 1_000, 'the warm-up');
    const before = (await worker.metrics())!;
    await visible.until(() => clock.now() >= toMs, (seconds + 5) * 1_000, 'the sending');
    const { lateMs } = await sender.sent;
    const after = (await worker.metrics())!;
    const latencies = (): number[] =>
      visible.seen.map((seen) => delayMs(load, seen, fromMs, dueMs)).filter((ms) => ms > 0);
    const wanted = boundariesBetween(load, fromMs, toMs, dueMs);
    await visible.until(() => latencies().length >= wanted, GRACE_MS, `${wanted} boundaries`);
    const sorted = latencies().sort((a, b) => a - b);
    const [was, is] = [before.buckets(VERDICT_LATENCY), after.buckets(VERDICT_LATENCY)];
    const windows = 'tidewatch_windows_total';
    return {
      ratePerS,
      p50Ms: nearestRank(sorted, 0.5),
      p99Ms: nearestRank(sorted, 0.99),
      p999Ms: nearestRank(sorted, 0.999),
      maxMs: sorted.at(-1)!,
      boundaries: sorted.length,
      verdicts: after.sum(windows) - before.sum(windows),
      workerP50Ms: quantile(was, is, 0.5) * 1_000,
      workerP99Ms: quantile(was, is, 0.99) * 1_000,
      senderLateMs: lateMs,
    };
  } finally {
    await worker.stop();
    await site.forget(stream);
  }
}

type Due = (record: number) => number;

/** Delay of a boundary whose record was due after the warm-up; 0 for the others. */
export function delayMs(load: Load, { partition, windowStartMs, atMs }: Seen, fromMs: number, dueMs: Due): number {
  const due = dueMs(closingRecord(load, partition, windowStartMs));
  return due >= fromMs ? atMs - due : 0;
}

/** How many boundaries there are whose record is due in a stretch of time. */
export function boundariesBetween(load: Load, fromMs: number, toMs: number, dueMs: Due): number {
  let count = 0;
  for (let start = load.baseMs; ; start += 10_000) {
    const first = closingRecord(load, 0, start);
    if (first + 3 >= load.records || dueMs(first) > toMs) return count;
    for (let partition = 0; partition < 4; partition++)
      if (dueMs(closingRecord(load, partition, start)) >= fromMs) count++;
  }
}
