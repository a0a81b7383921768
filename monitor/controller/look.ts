import type { ObservedParts } from '../ledger/evidence.ts';
import type { Observation } from '../observation.ts';
import type { MonitorStore } from '../store.ts';
import type { Controller } from './controller.ts';

/** A partition that is so many grains behind the others has nothing to say: it is left out, and that is told. */
export const SILENT_GRAINS = 3;
/** After a long absence of the monitor so many grains are looked at one by one; older ones are passed over. */
export const MAX_CATCH_UP = 24 * 14;

export interface LookOptions {
  stream: string;
  grainMs: number;
  /** A grain is whole once the watermark has passed its end by the length of a window. */
  windowMs: number;
  store: Pick<MonitorStore, 'watermarks' | 'state'>;
  controller: Pick<Controller, 'take'>;
  /** Computes what there is to see at the end of a grain, and keeps what it was computed from. */
  observe: (atMs: number, newestMs: number) => Promise<{ observation: Observation; observed: ObservedParts | null }>;
  onSilent?: (partitions: readonly number[]) => void;
  onPassedOver?: (fromMs: number, toMs: number) => void;
}

/** The end of the newest grain that every partition has left behind, null before the first; partitions left out. */
export function newestWhole(
  watermarks: ReadonlyMap<number, number>,
  grainMs: number,
  windowMs: number,
): { atMs: number | null; newestMs: number; silent: number[] } {
  const finite = [...watermarks].filter(([, ms]) => Number.isFinite(ms));
  const newestMs = Math.max(...finite.map(([, ms]) => ms));
  const silent = finite.filter(([, ms]) => newestMs - ms > SILENT_GRAINS * grainMs).map(([partition]) => partition);
  const slowestMs = Math.min(...finite.filter(([partition]) => !silent.includes(partition)).map(([, ms]) => ms));
  if (finite.length === 0) return { atMs: null, newestMs: Number.NaN, silent };
  return {
    atMs: Math.floor((slowestMs - windowMs) / grainMs) * grainMs,
    newestMs,
    silent: silent.sort((a, b) => a - b),
  };
}

/** Looks at every grain that has become whole since the last look, in order, each once; how many that were. */
export async function look(options: LookOptions): Promise<number> {
  const { stream, grainMs, windowMs, store, controller, observe, onSilent, onPassedOver } = options;
  const { atMs: lastMs, newestMs, silent } = newestWhole(await store.watermarks(stream), grainMs, windowMs);
  if (lastMs === null) return 0;
  if (silent.length > 0) onSilent?.(silent);
  const seenMs = (await store.state(stream))?.seen?.atMs ?? null;
  const firstMs = Math.max(seenMs === null ? lastMs : seenMs + grainMs, lastMs - (MAX_CATCH_UP - 1) * grainMs);
  if (seenMs !== null && firstMs > seenMs + grainMs) onPassedOver?.(seenMs, firstMs - grainMs);
  let looked = 0;
  for (let atMs = firstMs; atMs <= lastMs; atMs += grainMs) {
    const { observation, observed } = await observe(atMs, newestMs);
    await controller.take(stream, { kind: 'observation', key: `grain ${atMs}`, observation }, observed);
    looked++;
  }
  return looked;
}
