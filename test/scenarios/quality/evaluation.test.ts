import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { streamConfig } from '../../../core/config/stream.ts';
import { averagePrecision, rankingCurve } from '../../../core/stats/ranking.ts';
import { decoderFor } from '../../../ingest/decode/index.ts';
import { type Evaluation, evaluate } from '../../../scenarios/quality/evaluation.ts';
import { openPack, type Pack, type PackSet, SETS } from '../../../scenarios/quality/pack.ts';
import { headlines, reportJson, reportOf } from '../../../scenarios/quality/report.ts';
import { reportPage } from '../../../scenarios/quality/report-page.ts';
import { needs, PACK } from '../../needs.ts';
import { makePack } from './make-pack.ts';

const config = streamConfig.parse({ name: 'evaluation' });

async function run(
  pack: Pack,
  sets: readonly PackSet[],
  seeds = 1,
): Promise<{ evaluation: Evaluation; outDir: string }> {
  const outDir = mkdtempSync(join(tmpdir(), 'tidewatch-evaluate-'));
  const clock = systemClock;
  const onProgress = () => undefined;
  const evaluation = await evaluate({
    pack,
    outDir,
    sets,
    seeds,
    config,
    decoder: decoderFor(config),
    clock,
    python: null,
    onProgress,
  });
  return { evaluation, outDir };
}

const facts = {
  config_hash: 'c',
  code_version: 'v',
  data_hash: 'd',
  split: 's',
  seeds: [1],
  sklearn: null,
  duration_ms: 1,
  memory_bytes: 1,
};
const scoresIn = (path: string) => Float64Array.from(readFileSync(path, 'utf8').trim().split('\n'), Number);

describe('a small pack', () => {
  let pack: Pack;
  let result: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    pack = await openPack(makePack());
    result = await run(pack, SETS, 2);
  });

  test('every row of a test file gets one finite score, and the forest judges it', () => {
    const scores = scoresIn(join(result.outDir, 'scores/smd/one.csv'));
    expect(scores).toHaveLength(400);
    expect(scores.every(Number.isFinite)).toBe(true);
    expect(result.evaluation.series.find((one) => one.set === 'smd')!.forestShare).toBe(1);
    expect(scoresIn(join(result.outDir, 'scores/mscloud/kind/series.csv'))).toHaveLength(400);
  });

  test('the written scores are those that the report is about, to the last digit', () => {
    const scores = scoresIn(join(result.outDir, 'scores/smd/one.csv'));
    const labels = Uint8Array.from(scores, (_, i) => (i >= 300 && i <= 330 ? 1 : 0));
    const { figures } = result.evaluation.series.find((one) => one.set === 'smd')!;
    expect(averagePrecision(rankingCurve(labels, scores))).toBe(figures!.tidewatch.pr_auc);
  });

  test('an event that only the relation of two metrics shows is found, by far better than by random', () => {
    const { byEntity } = result.evaluation.sets.find((set) => set.set === 'smd')!;
    expect(byEntity.tidewatch.vus_pr.mean).toBeGreaterThan(0.7);
    expect(byEntity.tidewatch.vus_pr.mean).toBeGreaterThan(byEntity.random.vus_pr.mean + 0.4);
  });

  test('results for NAB have its columns and numbers in [0, 1]', () => {
    const lines = readFileSync(join(result.outDir, 'nab/made/tidewatch_up.csv'), 'utf8').trim().split('\n');
    expect(lines[0]).toBe('timestamp,value,anomaly_score');
    expect(lines).toHaveLength(401);
    expect(lines[1]!.startsWith('2024-01-01 00:00:00,')).toBe(true);
    const scores = lines.slice(1).map((line) => Number(line.split(',')[2]));
    expect(scores.every((x) => x >= 0 && x <= 1)).toBe(true);
    expect(result.evaluation.nab!.standard.seeds).toHaveLength(2);
  });

  test('a table is fitted and scored without its labels', () => {
    const [table] = result.evaluation.tables;
    expect(table).toMatchObject({ rows: 400, columns: 2, anomalies: 31, reference: null });
    expect(table!.mean).toBeGreaterThan(0.95);
  });

  test('the report has sorted keys, no NaN, and the same figures on a second run', async () => {
    const report = reportOf(result.evaluation, facts);
    const text = reportJson(report);
    const parsed = JSON.parse(text);
    expect(Object.keys(parsed)).toEqual(['evaluation', 'findings', 'run', 'schema']);
    expect(text).not.toContain('NaN');
    expect(reportPage(report)).toContain('## Windows to look at');
    const again = await run(pack, SETS, 2);
    expect(headlines(reportOf(again.evaluation, facts))).toEqual(headlines(report));
  });
});

needs('pack')('recorded telemetry', () => {
  test('a service of the pack is judged as well as the design was measured', async () => {
    const whole = await openPack(PACK!);
    const name = 'asd/omi-8/';
    const pack = { ...whole, files: whole.files.filter(({ path }) => path.startsWith(name)) };
    if (!existsSync(join(PACK!, name))) return;
    const { evaluation } = await run(pack, ['asd']);
    const { tidewatch, robust_z } = evaluation.sets[0]!.byEntity;
    expect(tidewatch.vus_pr.mean).toBeGreaterThan(0.75);
    expect(tidewatch.vus_pr.mean).toBeGreaterThan(3 * robust_z.vus_pr.mean);
  });
});
