import { expect, test } from 'vitest';
import { page, withOthers, withSections } from '../../../bench/lib/report.ts';
import { type PipelineFigures, pipelineSection } from '../../../bench/pipeline/section.ts';

const run = { recordsPerS: 200_000, pointsPerS: 1e6, cpuNsPerPoint: 800, rssBytes: 3e8 };
const worker = { ...run, verdictsPerS: 2e4, postgresUsPerVerdict: 10, settledNsPerPoint: 700 };
const figures: PipelineFigures = {
  throughput: {
    rounds: 3,
    records: 3_000_000,
    ceiling: { ...run, recordsPerS: 250_000 },
    ours: worker,
    python: { ...run, recordsPerS: 110_000 },
    ofCeiling: 0.8,
    ofPython: 1.8,
    cpuOfCeiling: 0.7,
    cpuOfPython: 1.5,
  },
  quix: 2_000,
  latency: {
    ratePerS: 100_000,
    p50Ms: 20,
    p99Ms: 60,
    p999Ms: 70,
    maxMs: 80,
    boundaries: 400,
    verdicts: 1e5,
    workerP50Ms: 10,
    workerP99Ms: 40,
    senderLateMs: 6,
  },
  growth: [{ entities: 100_000, cpuNsPerPoint: 1_000, peakRssBytes: 1e9 }],
  footprint: { rssBytes: 2e8, catchUpRssBytes: 4e8, artifactBytes: 1.7e7 },
  restarts: { sigtermS: 2, exitCode: 0, sigkillS: 17, idlePercent: 3 },
  limited: { how: 'one core', figures: run },
  peers: 'Peers: some.',
  failures: [],
  settings: { fsync: 'on', synchronous_commit: 'on' },
  kafkaVersion: '4.1.1',
  machine: 'some machine',
};
const metOf = (of: PipelineFigures, what: string) =>
  pipelineSection(of).rows.find((row) => row.what.includes(what))!.met;

test('each goal is held against what was measured in the same run', () => {
  expect(metOf(figures, 'kafkajs')).toBe(true);
  expect(metOf(figures, 'python')).toBe(false);
  expect(metOf(figures, 'quix')).toBe(true);
  expect(metOf(figures, '100,000 entities')).toBe(false);
  expect(metOf(figures, 'kill -9')).toBe(true);
  const p99 = pipelineSection(figures).rows.filter(({ what }) => what === 'the same, p99');
  expect(p99.map(({ met }) => met)).toEqual([false, true]);
});

test('what is absent is said to be so, and meets no goal', () => {
  const { throughput } = figures;
  const alone = {
    ...figures,
    throughput: { ...throughput, python: null, ofPython: null, cpuOfPython: null },
    quix: 'it is not there',
    latency: null,
    growth: [],
    footprint: null,
    restarts: null,
    limited: null,
    failures: ['Not measured: latency (it hung).'],
    peers: 'the Python pipelines are absent: no folder.',
  };
  const section = pipelineSection(alone);
  expect(section.rows.some(({ what }) => what.includes('python'))).toBe(false);
  expect(section.notes.join('\n')).toContain('the Python pipelines are absent');
  expect(section.notes).toContain('Not measured: latency (it hung).');
  expect(section.notes.join('\n')).toContain('Quix Streams is absent: it is not there');
});

test('the page says whether commits were durable', () => {
  expect(pipelineSection(figures).notes[0]).toContain('fsync on, synchronous_commit on');
});

test('a section takes its own place in the page and the others stay, whichever command wrote them', () => {
  const section = (name: string, note: string) => ({ name, rows: [], notes: [note] });
  const first = page('machine A', [section('Forest', 'old forest'), section('Fold', 'old fold')]);
  const both = withSections(first, [section('Pipeline', 'pipeline 1')]);
  expect(both).toContain('- old fold');
  const again = withSections(both, [section('Pipeline', 'pipeline 2')]);
  expect(again.match(/^## /gm)).toHaveLength(3);
  expect(again).not.toContain('pipeline 1');
  const fresh = withOthers(page('machine B', [section('Forest', 'new forest'), section('Fold', 'new fold')]), again);
  expect(fresh).toContain('Measured on machine B.');
  expect(fresh).toContain('- new forest');
  expect(fresh).toContain('- pipeline 2');
  expect(fresh).not.toMatch(/- old/);
  expect(withSections(again, [])).toBe(again);
});
