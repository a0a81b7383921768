import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { changes, FileExperimentStore, leaveRecord, named, type RunResult } from '../../cli/experiments.ts';
import { ManualClock } from '../../core/clock.ts';

const clock = new ManualClock(Date.UTC(2026, 0, 5));
let dir: string;
let store: FileExperimentStore;

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'tidewatch-experiments-')), 'experiments');
  store = new FileExperimentStore(dir);
});

const result = (vusPr: number): RunResult => ({
  kind: 'evaluate',
  configHash: 'c',
  seed: 1,
  dataHash: 'd',
  metrics: { 'vus_pr/smd': vusPr, 'vus_pr/none': Number.NaN },
  durationMs: 10,
});

const later = () => clock.advance(1_000);

test('a run is on record with what was said of it, without figures that could not be computed', async () => {
  const left = await leaveRecord(store, clock, result(0.8), { hypothesis: 'more trees help' });
  expect(await store.get(left.id)).toMatchObject({
    hypothesis: 'more trees help',
    verdict: 'iterate',
    baselineId: null,
    metrics: { 'vus_pr/smd': 0.8 },
  });
  expect(left.memoryBytes).toBeGreaterThan(0);
  expect(readdirSync(dir)).toEqual([`${left.id}.json`]);
});

test('runs are listed newest first, and compared with the newest promoted one of their kind', async () => {
  const first = await leaveRecord(store, clock, result(0.7), { verdict: 'promoted' });
  later();
  await leaveRecord(store, clock, { ...result(0.9), kind: 'train' }, { verdict: 'promoted' });
  later();
  const third = await leaveRecord(store, clock, result(0.8));
  expect(third.baselineId).toBe(first.id);
  expect((await store.list(2)).map((run) => run.kind)).toEqual(['evaluate', 'train']);
});

test('a baseline can be named by the start of its id; one that is not there is an error', async () => {
  const first = await leaveRecord(store, clock, result(0.7));
  later();
  const second = await leaveRecord(store, clock, result(0.8), { baseline: first.id.slice(0, 15) });
  expect(second.baselineId).toBe(first.id);
  await expect(named(store, 'nothing')).rejects.toMatchObject({ code: 'not_found' });
  await expect(named(store, '2026')).rejects.toMatchObject({ detail: expect.stringContaining('2 experiments') });
  await expect(named(store, '../../etc/passwd')).rejects.toMatchObject({ code: 'not_found' });
});

test('an id is written once', async () => {
  const first = await leaveRecord(store, clock, result(0.7));
  await store.record({ ...first, metrics: { 'vus_pr/smd': 1 } });
  expect((await store.get(first.id))!.metrics).toEqual({ 'vus_pr/smd': 0.7 });
});

test('a difference names every figure of either run', async () => {
  const a = await leaveRecord(store, clock, result(0.7));
  const b = { ...a, metrics: { 'vus_pr/smd': 0.75, 'nab/standard': 70 } };
  expect(changes(a, b)).toEqual([
    { metric: 'nab/standard', from: null, to: 70, change: null },
    { metric: 'vus_pr/smd', from: 0.7, to: 0.75, change: expect.closeTo(0.05, 10) },
  ]);
});

test('a file that is no experiment is named', async () => {
  await leaveRecord(store, clock, result(0.7));
  writeFileSync(join(dir, '99999999-x.json'), '{');
  await expect(store.list(5)).rejects.toMatchObject({ detail: expect.stringContaining('99999999-x.json') });
});
