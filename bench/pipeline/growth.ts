import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProcess } from '../lib/child.ts';
import { cpuPerPoint } from './figures.ts';
import { rssBytes } from './proc.ts';
import type { Site } from './site.ts';
import { Worker } from './worker.ts';

export interface GrowthFigures {
  entities: number;
  cpuNsPerPoint: number;
  peakRssBytes: number;
}

export interface FootprintFigures {
  /** Largest RSS of a worker that reads a fleet at the pace at which it reports. */
  rssBytes: number;
  /** Of a worker that catches up with the same fleet as fast as it can. */
  catchUpRssBytes: number;
  artifactBytes: number;
}

/** The most entities whose profiles an artifact holds. */
const PROFILES_MAX = 10_000;
/** Seconds of event time: what is measured begins after a window has closed, and is whole windows long. */
const SPANS: Record<number, { seconds: number; from: number; to: number }> = {
  10000: { seconds: 60, from: 23, to: 53 },
  100000: { seconds: 36, from: 13, to: 33 },
};
const STALL_MS = 120_000;

/** CPU time a point for larger fleets, each with a topic of its own. */
export async function growth(site: Site, entities: number): Promise<GrowthFigures> {
  const { seconds, from, to } = SPANS[entities]!;
  const artifact = await artifactOf(entities, 5);
  const name = `fleet-${entities}`;
  const load = await site.filled(name, { entities, metrics: 5, records: seconds * entities });
  const stream = await site.stream(name, artifact);
  const worker = await Worker.start(site, { stream, topic: name, group: name });
  try {
    const samples = await worker.samplesTo(load.records, STALL_MS);
    const cpuNsPerPoint = cpuPerPoint(samples, from * entities, to * entities, load.metrics);
    return { entities, cpuNsPerPoint, peakRssBytes: worker.rssBytes };
  } finally {
    await worker.stop();
    await site.forget(stream);
  }
}

const FOOTPRINT = { entities: 10_000, metrics: 10 } as const;
const FOOTPRINT_S = 34;

/** Memory of a worker with the fleet that the limits of the product are for. */
export async function footprint(site: Site): Promise<FootprintFigures> {
  const { entities } = FOOTPRINT;
  const artifact = await artifactOf(entities, FOOTPRINT.metrics);
  const load = await site.topic('wide', { ...FOOTPRINT, records: entities * FOOTPRINT_S });
  const stream = await site.stream('wide', artifact);
  const worker = await Worker.start(site, { stream, topic: load.topic, group: stream });
  let largest = 0;
  try {
    await worker.serving();
    const sender = await site.sender(load, entities);
    const timer = setInterval(() => {
      largest = Math.max(largest, rssBytes(worker.pid));
    }, 100);
    await sender.sent;
    await worker.samplesTo(load.records);
    clearInterval(timer);
  } finally {
    await worker.stop();
    await site.forget(stream);
  }
  const again = await site.stream('wide-again', artifact);
  const second = await Worker.start(site, { stream: again, topic: load.topic, group: again });
  try {
    await second.samplesTo(load.records);
    return { rssBytes: largest, catchUpRssBytes: second.rssBytes, artifactBytes: artifact.length };
  } finally {
    await second.stop();
    await site.forget(again);
  }
}

/** Profiles of a hundred entities, over and over. */
async function artifactOf(entities: number, metrics: number): Promise<Uint8Array> {
  const dir = mkdtempSync(join(tmpdir(), 'tidewatch-bench-'));
  const file = join(dir, 'model');
  try {
    const child = join(import.meta.dirname, '../memory/child.ts');
    await inProcess(child, ['make', Math.min(entities, PROFILES_MAX), metrics, file]);
    return new Uint8Array(readFileSync(file));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
