import { describe, expect, it } from 'vitest';
import type { TrainingRow } from '../../../detector/ports.ts';
import { heldBackWindows, trainingSet } from '../../../monitor/training/dataset.ts';
import { MARGIN_WINDOWS, REASONS } from '../../../monitor/training/discipline.ts';
import { dataOf, ENTITIES, HOP_MS, incidentOf, labelOf, rowsOf, trainingConfig } from './make.ts';

const config = trainingConfig();
const WINDOWS = 600;
const toMs = WINDOWS * HOP_MS;
const ask = { toMs, quarantine: [] };

async function setOf(about: Parameters<typeof dataOf>[0], more: object = {}) {
  const set = await trainingSet(dataOf(about), config, { ...ask, ...more });
  if (!set.ok) throw new Error(`${set.fault.code}: ${set.fault.detail}`);
  return set.value;
}
const leftOut = (set: Awaited<ReturnType<typeof setOf>>, reason: string) =>
  set.about.leftOut.find((one) => one.reason === reason)?.windows ?? 0;
const has = (rows: readonly TrainingRow[], entity: string, window: number) =>
  rows.some((row) => row.entity === entity && row.windowStartMs === window * HOP_MS);

describe('the discipline of training data', () => {
  it('splits by time before anything is fitted: what is held back is newer than all that is trained on', async () => {
    const set = await setOf({ rows: rowsOf() });
    const held = await heldBackWindows(dataOf({ rows: rowsOf() }), config, { ...ask, fromMs: set.about.toMs });
    const newest = Math.max(...set.rows.map((row) => row.windowStartMs));
    expect(newest + HOP_MS).toBeLessThanOrEqual(set.about.toMs);
    for (const { startsMs, warmUp } of held) expect(startsMs[warmUp]).toBeGreaterThanOrEqual(set.about.toMs);
    expect(leftOut(set, REASONS.heldBack)).toBeGreaterThan(0);
    expect(held.map(({ entity }) => entity)).toEqual(ENTITIES);
  });

  it('a sliding window that reaches over the split is in neither part', async () => {
    const sliding = trainingConfig({ window: { size: '30s', hop: '10s', allowedLateness: '2s' } });
    const set = await trainingSet(dataOf({ rows: rowsOf() }), sliding, ask);
    if (!set.ok) throw new Error(set.fault.detail);
    for (const { windowStartMs } of set.value.rows)
      expect(windowStartMs + 30_000).toBeLessThanOrEqual(set.value.about.toMs);
    expect(set.value.about.leftOut).toContainEqual({ reason: REASONS.overlap, windows: 2 * ENTITIES.length });
  });

  it('duplicates are gone before the split, so none is on both sides of it', async () => {
    const rows = rowsOf();
    const set = await setOf({ rows: [...rows, ...rows.filter((_, i) => i % 3 === 0)] });
    const once = await setOf({ rows });
    expect(leftOut(set, REASONS.duplicate)).toBe(rows.length / 3);
    expect(set.about.dataHash).toBe(once.about.dataHash);
    expect(set.about.toMs).toBe(once.about.toMs);
  });

  it('nothing of the future is read, even when the store hands it out', async () => {
    const all = dataOf({ rows: rowsOf(700) });
    const set = await trainingSet({ ...all, rows: (stream) => all.rows(stream, 0, 1e12) }, config, ask);
    const before = await setOf({ rows: rowsOf(700).filter((row) => row.windowStartMs < toMs) });
    if (!set.ok) throw new Error(set.fault.detail);
    expect(set.value.about.dataHash).toBe(before.about.dataHash);
    expect(leftOut(set.value, REASONS.future)).toBe(100 * ENTITIES.length);
  });

  it('incidents are left out with a margin, and let back in when an operator dismissed them', async () => {
    const incident = incidentOf('db-1', 100, 110);
    const set = await setOf({ rows: rowsOf(), incidents: [incident] });
    expect(has(set.rows, 'db-1', 100 - MARGIN_WINDOWS)).toBe(false);
    expect(has(set.rows, 'db-1', 100 - MARGIN_WINDOWS - 1)).toBe(true);
    expect(has(set.rows, 'web-1', 100)).toBe(true);
    expect(leftOut(set, REASONS.incident)).toBe(10 + 2 * MARGIN_WINDOWS);
    const dismissed = labelOf('db-1', 100, 110, 'normal', { incident: incident.id });
    const again = await setOf({ rows: rowsOf(), incidents: [incident], labels: [dismissed] });
    expect(has(again.rows, 'db-1', 105)).toBe(true);
    expect(leftOut(again, REASONS.incident)).toBe(0);
  });

  it('incidents of many entities at once are a change of the fleet, which has to be learned', async () => {
    const of = (entities: readonly string[]) =>
      setOf({ rows: rowsOf(), incidents: entities.map((entity) => incidentOf(entity, 100, 200)) });
    expect(has((await of(ENTITIES)).rows, 'db-1', 150)).toBe(true);
    expect(has((await of(ENTITIES.slice(0, 2))).rows, 'db-1', 150)).toBe(false);
  });

  it('quarantined ranges are left out whatever was said of them, of one entity or of all', async () => {
    const quarantine = [
      { fromMs: 50 * HOP_MS, toMs: 60 * HOP_MS, entity: null, reason: 'unit_change' },
      { fromMs: 200 * HOP_MS, toMs: 210 * HOP_MS, entity: 'db-2', reason: 'deploy' },
    ];
    const labels = [labelOf('web-1', 50, 60, 'normal')];
    const set = await setOf({ rows: rowsOf(), labels }, { quarantine });
    expect(has(set.rows, 'web-1', 55)).toBe(false);
    expect(has(set.rows, 'db-2', 205)).toBe(false);
    expect(has(set.rows, 'db-1', 205)).toBe(true);
    expect(leftOut(set, `${REASONS.quarantine}deploy`)).toBe(10 + 2 * MARGIN_WINDOWS);
    expect(set.about.quarantined).toEqual(quarantine);
  });

  it('labelled anomalies are left out, and contradictory labels are neither and are counted', async () => {
    const labels = [labelOf('db-1', 100, 104, 'anomalous'), labelOf('db-1', 103, 120, 'normal')];
    const set = await setOf({ rows: rowsOf(), labels });
    expect(has(set.rows, 'db-1', 101)).toBe(false);
    expect(has(set.rows, 'db-1', 103)).toBe(false);
    expect(leftOut(set, REASONS.conflict)).toBe(1);
    expect(has(set.rows, 'db-1', 115)).toBe(true);
  });

  it('of two labels about the very same windows the newest holds', async () => {
    const labels = [labelOf('db-1', 100, 104, 'anomalous'), labelOf('db-1', 100, 104, 'normal')];
    const set = await setOf({ rows: rowsOf(), labels });
    expect(has(set.rows, 'db-1', 101)).toBe(true);
    expect(leftOut(set, REASONS.conflict)).toBe(0);
  });

  it('only the newest span is trained on', async () => {
    const short = trainingConfig({ policy: { training: { minWindows: 64, span: '1d' } } });
    const later = rowsOf().map((row) => ({ ...row, windowStartMs: row.windowStartMs + 86_400_000 }));
    const set = await trainingSet(dataOf({ rows: [...rowsOf(), ...later] }), short, {
      ...ask,
      toMs: toMs + 86_400_000,
    });
    if (!set.ok) throw new Error(set.fault.detail);
    expect(Math.min(...set.value.rows.map((row) => row.windowStartMs))).toBeGreaterThanOrEqual(toMs);
  });

  it('too few windows, or too many quarantined ones, train nothing', async () => {
    const few = await trainingSet(dataOf({ rows: rowsOf(12) }), config, ask);
    expect(few).toMatchObject({ ok: false, fault: { code: 'too_little_data' } });
    const quarantine = [{ fromMs: 0, toMs: 400 * HOP_MS, entity: null, reason: 'late_data' }];
    const most = await trainingSet(dataOf({ rows: rowsOf() }), config, { ...ask, quarantine });
    expect(most).toMatchObject({ ok: false, fault: { code: 'too_little_data' } });
    if (!most.ok) expect(most.fault.detail).toContain('quarantined');
  });

  it('a feature that repeats the labels is refused by name, and one that no window has', async () => {
    const labels = [labelOf('db-1', 100, 120, 'anomalous'), labelOf('db-1', 200, 220, 'normal')];
    const anomalous = (row: TrainingRow) => row.entity === 'db-1' && row.windowStartMs < 120 * HOP_MS;
    const leaking = rowsOf().map((row) => ({
      ...row,
      features: [...row.features, 'on_call__max__10s'],
      values: Float64Array.of(...row.values, anomalous(row) ? 1 : 0),
    }));
    const leak = await trainingSet(dataOf({ rows: leaking, labels }), config, ask);
    expect(leak).toMatchObject({ ok: false, fault: { code: 'training_refused' } });
    if (!leak.ok) expect(leak.fault.detail).toContain('on_call__max__10s');
    const foreign = rowsOf().map((row) => ({ ...row, features: ['m0__mean__10s', 'm1__mean__10s', 'is_anomaly'] }));
    const unknown = await trainingSet(dataOf({ rows: foreign }), config, ask);
    expect(unknown).toMatchObject({ ok: false, fault: { code: 'training_refused' } });
  });

  it('the hash of the data changes with one value, one time and one entity', async () => {
    const hash = async (rows: TrainingRow[]) => (await setOf({ rows })).about.dataHash;
    const plain = await hash(rowsOf());
    const value = rowsOf();
    value[10]!.values[1]! += 1e-9;
    const entity = rowsOf().map((row) => (row.entity === 'db-1' ? { ...row, entity: 'db-9' } : row));
    expect(new Set([plain, await hash(value), await hash(entity)]).size).toBe(3);
    expect(await hash(rowsOf().reverse())).toBe(plain);
  });
});
