import { hostname } from 'node:os';
import type { Clock } from '../core/clock.ts';
import type { Sample } from '../core/types.ts';
import { type HostReader, type HostReading, machineReader } from './host-reader.ts';

/** Errors of reading that follow each other are reported once in this many. */
const REPORT_EVERY = 60;

export interface HostSourceOptions {
  clock: Clock;
  intervalMs?: number;
  /** Name of the entity. Default: the host name. */
  entity?: string;
  reader?: HostReader;
  /** The sample is the receiver's own. */
  onSample: (sample: Sample) => void;
  /** A reading failed; the source goes on. Called for the first of a row of failures and for every 60th. */
  onError: (error: unknown) => void;
}

export interface HostSource {
  start(): void;
  /** Resolves when the reading under way has ended; no sample comes after. */
  stop(): Promise<void>;
}

/**
 * This machine's own metrics, one sample an interval. Readings never overlap: one that takes longer than the interval
 * delays the next. Rates start with the second reading. cpu_percent is the share of all cores.
 */
export function hostSource(options: HostSourceOptions): HostSource {
  const { clock, intervalMs = 1_000, entity = hostname(), onSample, onError } = options;
  let running: { abort: AbortController; done: Promise<void> } | null = null;

  const run = async (signal: AbortSignal) => {
    const reader = options.reader ?? machineReader();
    let previous: Timed | null = null;
    let failures = 0;
    try {
      while (!signal.aborted) {
        const startedMs = clock.elapsed();
        try {
          const reading = await reader.read();
          if (signal.aborted) break;
          const now: Timed = { reading, elapsedMs: clock.elapsed() };
          const sample = toSample(entity, clock.now(), now, previous);
          previous = now;
          failures = 0;
          if (sample.names.length > 0) onSample(sample);
        } catch (error) {
          if (failures++ % REPORT_EVERY === 0) onError(error);
        }
        const dueMs = startedMs + intervalMs - clock.elapsed();
        await clock.sleep(Math.max(dueMs, 0), signal);
      }
    } finally {
      reader.close();
    }
  };

  return {
    start() {
      if (running) return;
      const abort = new AbortController();
      running = { abort, done: run(abort.signal) };
    },
    async stop() {
      const stopping = running;
      running = null;
      stopping?.abort.abort();
      await stopping?.done;
    },
  };
}

interface Timed {
  reading: HostReading;
  elapsedMs: number;
}

function toSample(entity: string, timeMs: number, now: Timed, previous: Timed | null): Sample {
  const sample: Sample = { entity, timeMs: Math.round(timeMs), names: [], values: [] };
  const put = (name: string, value: number | null | undefined) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return;
    sample.names.push(name);
    sample.values.push(value);
  };
  if (previous) {
    const { cpu } = now.reading;
    const before = previous.reading.cpu;
    if (cpu && before && cpu.totalMs > before.totalMs) {
      const percent = (100 * (cpu.busyMs - before.busyMs)) / (cpu.totalMs - before.totalMs);
      put('cpu_percent', Math.min(Math.max(percent, 0), 100));
    }
  }
  for (const [name, value] of Object.entries(now.reading.gauges)) put(name, value);
  if (previous) {
    const seconds = (now.elapsedMs - previous.elapsedMs) / 1000;
    for (const [name, total] of Object.entries(now.reading.totals)) {
      const before = previous.reading.totals[name];
      // A total that shrank was reset, as when a link goes away: there is no rate to tell.
      if (seconds > 0 && total !== null && before !== null && before !== undefined && total >= before)
        put(`${name}_per_s`, (total - before) / seconds);
    }
  }
  return sample;
}
