import { policyConfig } from '../../core/config/policy.ts';
import { allQueries, COMPOSE_ADDRESSES, type Filling } from '../../dashboards/index.ts';
import { STREAM } from './fill.ts';
import type { Question } from './queries.ts';
import type { Chosen } from './reads.ts';

const HOUR_MS = 3_600_000;

/** Every SQL query of every dashboard as built for one stream of ten-minute windows. */
export function dashboardQuestions(): Question[] {
  const policy = policyConfig.parse({});
  const { limits, alertRatioBand, retrainsPerMonth, rollbacksPerDay, recalibrationsPerDay } = policy;
  const queries = allQueries({
    ...COMPOSE_ADDRESSES,
    consoleUrl: 'http://127.0.0.1:8484',
    streams: [
      {
        name: STREAM,
        triggers: [],
        limits,
        alertRatioBand,
        budgets: { retrainsPerMonth, rollbacksPerDay, recalibrationsPerDay },
        alertRate: 0.001,
        windowMs: 600_000,
        latenessMs: 60_000,
        grainMs: HOUR_MS,
        intervalMs: 6 * HOUR_MS,
      },
    ],
  });
  const sql = queries.filter(({ kind }) => kind === 'sql');
  return sql.map(({ dashboard, title, expr }) => ({ name: `${dashboard}: ${title}`, sql: expr }));
}

/** The week before, with the variables that dashboards have. */
export const fillingOf = ({ stream, entity, toMs }: Chosen): Filling => ({
  fromMs: toMs - 7 * 24 * HOUR_MS,
  toMs,
  stepSeconds: 600,
  scrapeSeconds: 15,
  variables: { stream, entity, feature: 'metric_1__mean__10s' },
});
