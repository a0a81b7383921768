import { join } from 'node:path';
import { inProcess } from '../lib/child.ts';
import { type BenchRow, type BenchSection, within } from '../lib/section.ts';
import type { ScrapeFigures } from './child.ts';

const PARTITIONS = 64;
const ENTITIES = 10_000;
/** Streams that the partitions are of: as a worker usually has them, and as many as it can have. */
const USUAL_STREAMS = 8;
const MOST_STREAMS = 64;
const LIMIT_KB = 200;
const LIMIT_MS = 20;
const KB = 1_000;

/** What a scrape of a worker takes: bytes, and time during which nothing is folded. */
export async function metricsBench(quick: boolean): Promise<BenchSection> {
  const measured = (streams: number, readings: number) =>
    inProcess<ScrapeFigures>(join(import.meta.dirname, 'child.ts'), [streams, PARTITIONS, ENTITIES, readings]);
  const usual = await measured(USUAL_STREAMS, quick ? 100 : 1_000);
  return metricsSection(usual, await measured(MOST_STREAMS, quick ? 50 : 200));
}

export function metricsSection(usual: ScrapeFigures, most: ScrapeFigures): BenchSection {
  const beside = (what: string, ours: number, reference: number): BenchRow => ({
    ...{ what, ours, reference, ratio: reference / ours, unit: 'ms', goal: '', met: null },
  });
  const told = (what: string, unit: string, ours: number): BenchRow => ({
    ...{ what, ours, reference: null, ratio: null, unit, goal: '', met: null },
  });
  return {
    name: 'Scrape of a worker',
    rows: [
      within('/metrics', 'KB', usual.bytes / KB, LIMIT_KB),
      told('series in it', 'series', usual.series),
      beside(
        'its text, median, against as many plain series by prom-client',
        usual.text.medianMs,
        usual.plain.medianMs,
      ),
      { ...within('the same, p99', 'ms', usual.text.p99Ms, LIMIT_MS), reference: usual.plain.p99Ms },
      within('the same, CPU time', 'ms', usual.textCpuMs, LIMIT_MS),
      within('over HTTP, median', 'ms', usual.http.medianMs, LIMIT_MS),
      within('the same, p99', 'ms', usual.http.p99Ms, LIMIT_MS),
      told(`/metrics where each of ${MOST_STREAMS} partitions is of a stream of its own`, 'KB', most.bytes / KB),
      beside('its text, median', most.text.medianMs, most.plain.medianMs),
      told('the same over HTTP, p99', 'ms', most.http.p99Ms),
    ],
    notes: [
      `${PARTITIONS} partitions of ${USUAL_STREAMS} streams that hold ${usual.entities.toLocaleString('en')} entities, after ${usual.records.toLocaleString('en')} records, bad ones of every kind among them; champion and challenger in force, all histograms filled, figures of the process included. No series names an entity, so their number is that of streams, topics, partitions and codes.`,
      `Plain: ${usual.series.toLocaleString('en')} gauges with two labels, ${Math.round(usual.plainBytes / KB)} KB; both take turns in one process. Over HTTP by a client in the same process, whose own cost is in it.`,
      `Sent ${usual.contentEncoding === '' ? 'as it is' : `as ${usual.contentEncoding}`}; gzip would make ${Math.round(usual.gzipBytes / KB)} KB of it. A stream takes about ${((most.bytes - usual.bytes) / (MOST_STREAMS - USUAL_STREAMS) / KB).toFixed(1)} KB, most of it its five histograms: ${LIMIT_KB} KB are ${Math.floor(USUAL_STREAMS + (LIMIT_KB * KB - usual.bytes) / ((most.bytes - usual.bytes) / (MOST_STREAMS - USUAL_STREAMS)))} streams in one worker.`,
    ],
  };
}
