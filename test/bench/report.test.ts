import { expect, test } from 'vitest';
import { foldSection } from '../../bench/fold/section.ts';
import { chosen, page } from '../../bench/lib/report.ts';
import { within } from '../../bench/lib/section.ts';
import { memorySection } from '../../bench/memory/section.ts';

const KNOWN = ['forest', 'fold', 'memory'];

test('without --only all benchmarks run, with it those named, in their usual order', () => {
  expect(chosen([], KNOWN)).toEqual(KNOWN);
  expect(chosen(['--json', '--only', 'memory,forest'], KNOWN)).toEqual(['forest', 'memory']);
  expect(chosen(['--only=fold'], KNOWN)).toEqual(['fold']);
});

test('a benchmark that does not exist is named, and an empty list refused', () => {
  expect(() => chosen(['--only', 'fold,flod'], KNOWN)).toThrow('not flod');
  expect(() => chosen(['--only'], KNOWN)).toThrow('--only takes some of');
});

test('the page says where it was measured and which goals were missed', () => {
  const rows = [within('p99', 'ms', 51, 50), within('p50', 'ms', 10, 50)];
  const text = page('2 × some processor', [{ name: 'Latency', rows, notes: ['a note'] }]);
  expect(text).toContain('Measured on 2 × some processor.');
  expect(text).toMatch(/\| p99 \| 51 .*\*\*no\*\* \|/);
  expect(text).toMatch(/\| p50 \| 10 .* yes \|/);
  expect(text).toContain('- a note');
});

const fold = { trainMs: 1000, trainedEntities: 1000, cross: true, cpuNs: 200, wallNs: 210, loadNs: 5, parseNs: 300 };
const rest = { verdicts: 1000, explainedShare: 0.1, scoreUs: 2, hash: 'abc' };

test('larger fleets are held against the smallest of the same run', () => {
  const at = (cpuNs: number) => ({ ...fold, ...rest, cpuNs });
  const { rows } = foldSection([
    [1_000, at(200)],
    [10_000, at(240)],
    [100_000, at(260)],
  ]);
  expect(rows.slice(0, 3).map((row) => row.met)).toEqual([true, true, false]);
  expect(rows[2]!.reference).toBe(200);
});

test('the limits on memory hold for the fleet that they were made for', () => {
  const figures = {
    baseRssBytes: 9e7,
    rssBytes: 3e8,
    artifactBytes: 2.1e7,
    modelBytes: 1.9e7,
    loadMs: 1,
    entityBytes: 1,
    saveMs: 1,
    stateBytes: 1,
  };
  const met = (entities: number, withModel: boolean) =>
    memorySection([{ entities, withModel, figures }]).rows.map((row) => row.met);
  expect(met(10_000, true)).toEqual([false, false, true, null]);
  expect(met(1_000, true)).toEqual([null, null, null, null]);
  expect(met(10_000, false)).toEqual([null, null]);
});
