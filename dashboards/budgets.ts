import type { DashboardStream } from './options.ts';
import { literal, oneStream, view } from './sql.ts';

const DAY_MS = 86_400_000;

/** What is counted against which key of the policy, over which event time. */
const BUDGETS = [
  { action: 'retrain', name: 'Retrainings in 30 days', spanMs: 30 * DAY_MS, key: 'retrainsPerMonth' },
  { action: 'roll_back', name: 'Roll-backs in a day', spanMs: DAY_MS, key: 'rollbacksPerDay' },
  { action: 'recalibrate', name: 'Recalibrations in a day', spanMs: DAY_MS, key: 'recalibrationsPerDay' },
] as const;

/**
 * What is left of the budgets of the stream that is chosen, as the controller counts them. How much there is stands in the
 * configuration that the dashboards were built from, since no table has it.
 */
export function budgetsLeft(streams: readonly DashboardStream[]): string {
  const rows = streams.flatMap(({ name, budgets }) =>
    BUDGETS.map(
      ({ action, name: budget, spanMs, key }) =>
        `(${literal(name)}, ${literal(action)}, ${literal(budget)}, ${spanMs}::bigint, ${budgets[key]})`,
    ),
  );
  return `
    WITH most (of_stream, of_action, budget, span_ms, n) AS (VALUES
      ${rows.join(',\n      ')}
    ), counted AS (
      SELECT m.budget, m.n, count(s.action) AS spent
      FROM most m JOIN ${view('controllers')} c ON c.stream = m.of_stream
      LEFT JOIN ${view('spending')} s ON s.stream = m.of_stream AND s.action = m.of_action AND s.time_ms > c.time_ms - m.span_ms
      WHERE c.${oneStream}
      GROUP BY m.budget, m.n
    )
    SELECT budget AS "Budget", greatest(0, n - spent) AS "Left", n AS "Of", spent AS "Spent" FROM counted ORDER BY budget`;
}
