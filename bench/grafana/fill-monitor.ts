import type pg from 'pg';
import { FIGURE_NAMES } from '../../core/figures.ts';
import { DIMENSIONS } from '../../core/stats/quality.ts';
import type { Figure, Figures, Observation } from '../../monitor/observation.ts';
import type { Decision } from '../../monitor/types.ts';
import { DAY_MS, endMs, type FleetSize, STREAM } from './fill.ts';

const HOUR_MS = 3_600_000;
const FEATURES_TOLD = 50;
const DECISIONS = 2_000;
const DEAD_LETTERS = 100_000;
const LABELS = 5_000;
const MODELS = 12;
const PER_INSERT = 200;
/** What retention leaves of observations, an hour each. */
export const OBSERVED_DAYS = 400;

const spanOf = (n: number): Figures => {
  const figure = (i: number): Figure => ({
    value: Math.abs(Math.sin(n + i)),
    status: 'ok',
    limit: 1.5,
    interval: [0, 2],
  });
  return Object.fromEntries(FIGURE_NAMES.map((name, i) => [name, figure(i)]));
};

function observationAt(atMs: number, n: number, size: FleetSize): Observation {
  const windows = (size.entities * size.windowsPerDay) / 24;
  return {
    stream: STREAM,
    atMs,
    grainMs: HOUR_MS,
    intervalMs: 6 * HOUR_MS,
    modelId: '0123456789abcdef',
    alertRate: 0.001,
    spans: { grain: spanOf(n), interval: spanOf(n + 1), day: spanOf(n + 2), week: spanOf(n + 3) },
    features: Array.from({ length: FEATURES_TOLD }, (_, i) => ({
      feature: `metric_${i}__mean__10s`,
      psi: Math.abs(Math.sin(n * i)) / 4,
      ks: 0.02,
      missing: 0,
      missingInTraining: 0,
      psiLimit: 0.25,
      ksLimit: 0.1,
      status: 'ok',
    })),
    quality: {
      score: 29,
      dimensions: Object.fromEntries(DIMENSIONS.map((d) => [d, 5])) as Record<(typeof DIMENSIONS)[number], number>,
      faults: [],
      trainable: true,
    },
    cause: { kind: 'none', summary: 'Nothing has shifted.', evidence: { drift: 0.2 }, features: [] },
    champion: { modelId: '0123456789abcdef', windows, alerts: windows / 1_000, failed: 0 },
    challenger: null,
    windows,
    entities: size.entities,
    alertRun: 1,
  };
}

const decisionAt = (atMs: number, n: number): Decision => ({
  id: `${STREAM}-${n}`,
  stream: STREAM,
  atMs,
  action: n % 3 === 0 ? 'retrain' : 'hold',
  trigger: 'drift',
  episode: n,
  asked: 'retrain',
  cause: 'gradual_drift',
  result: n % 3 === 0 ? 'done' : 'held',
  reason: 'Drift stands at 1.4 times its limit, and the newest model is three days old.',
  urgency: 'ticket',
  actor: 'controller',
  model: null,
  runbook: 'drift',
});

/** What the monitor keeps of one stream after more than a year; needs the verdicts to be there. */
export async function fillMonitor(
  pool: pg.Pool,
  size: FleetSize,
  { observedDays = OBSERVED_DAYS, deadLetters = DEAD_LETTERS } = {},
): Promise<void> {
  const end = endMs(size);
  const grains = observedDays * 24;
  for (let from = 0; from < grains; from += PER_INSERT) {
    const some = Array.from({ length: Math.min(PER_INSERT, grains - from) }, (_, i) => from + i);
    const times = some.map((n) => end - n * HOUR_MS);
    const texts = some.map((n, i) => JSON.stringify(observationAt(times[i]!, n, size)));
    await pool.query('INSERT INTO observations SELECT $1, * FROM unnest($2::bigint[], $3::json[])', [
      STREAM,
      times,
      texts,
    ]);
  }
  await pool.query("INSERT INTO evidence VALUES ('e', '', 0)");
  const every = (observedDays * DAY_MS) / DECISIONS;
  const numbers = Array.from({ length: DECISIONS }, (_, i) => i + 1);
  const decided = numbers.map((n) => decisionAt(Math.floor(end - (DECISIONS - n) * every), n));
  // each entry must follow the one before it: a trigger looks
  await pool.query(
    `INSERT INTO decisions SELECT n, d->>'id', $1, (d->>'atMs')::bigint, d, 'e',
       CASE n WHEN 1 THEN repeat('0', 64) ELSE md5((n - 1)::text) END, md5(n::text), (d->>'atMs')::bigint
     FROM unnest($2::bigint[], $3::json[]) AS u(n, d) ORDER BY n`,
    [STREAM, numbers, decided.map((d) => JSON.stringify(d))],
  );
  await pool.query(
    `INSERT INTO models (id, stream, sha256, bytes, about, created_ms, lineage)
     SELECT 'model-' || n, $1, md5(n::text), decode(repeat('00', 2000000), 'hex'), '{}', $2::bigint - n * 86400000::bigint,
       json_build_object('fromMs', $2::bigint, 'toMs', $2::bigint, 'rows', 100000, 'entities', 100)
     FROM generate_series(1, $3) n`,
    [STREAM, end, MODELS],
  );
  await pool.query(
    `INSERT INTO serving_history (stream, revision, at_ms, last_good, serving)
     SELECT $1, n, $2::bigint - (200 - n) * 3600000::bigint, 'model-2',
       json_build_object('revision', n, 'champion', json_build_object('modelId', 'model-1', 'sha256', ''), 'challenger', NULL,
         'calibration', NULL, 'mode', 'forest', 'reason', 'promoted') FROM generate_series(1, 200) n`,
    [STREAM, end],
  );
  await pool.query(
    `INSERT INTO dead_letters (stream, partition, at_offset, point, code, detail, entity, metric, time_ms, received_ms, value)
     SELECT $1, 0, n, 0, CASE n % 3 WHEN 0 THEN 'value_not_finite' WHEN 1 THEN 'time_invalid' ELSE 'record_too_large' END,
       'cpu is NaN', 'host-000001', 'cpu', $2::bigint - n, $2::bigint - ($3 - n) * 6000::bigint, '\\x00' FROM generate_series(1, $3) n`,
    [STREAM, end, deadLetters],
  );
  await pool.query(
    `INSERT INTO labels (id, stream, entity, from_ms, to_ms, label, incident, weight, note, actor, created_ms)
     SELECT 'label-' || n, $1, 'host-' || lpad((n % 1000)::text, 6, '0'), $2::bigint - n * 60000::bigint,
       $2::bigint - n * 60000::bigint + 600000, CASE n % 2 WHEN 0 THEN 'normal' ELSE 'anomalous' END, NULL, 1, '', 'operator:a', 0
     FROM generate_series(1, $3) n`,
    [STREAM, end, LABELS],
  );
  await pool.query('ANALYZE observations, decisions, models, serving_history, dead_letters, labels');
}
