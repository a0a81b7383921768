import { afterAll, beforeAll, expect, test } from 'vitest';
import { allQueries, type Filling } from '../../../dashboards/index.ts';
import { ensureRoles } from '../../../store/roles.ts';
import { type TestDatabase, testDatabase } from '../../postgres.ts';
import { needsPrometheus, testPrometheus } from '../../prometheus.ts';
import { loginOf } from '../../store/logins.ts';
import { makeOptions } from '../make.ts';
import { alikeIn, askPromql, askSql, emptyIn, type Shown, together } from './answers.ts';
import { HOUR_MS, Run, STREAM } from './run.ts';

const QUERIES = allQueries(makeOptions([STREAM]));
/** A day, of which an interval is made, and a little. */
const HEALTHY_HOURS = 26;
const SHADOW_HOURS = 2;
const FAULT_HOURS = 9;

/** Nothing of the kind is there while all is well; each says so in its place. */
const EMPTY_WHEN_WELL = [
  'overview: Open incidents, and why',
  'overview: To do',
  'models: Challenger',
  'pipeline: Dead letters, by reason',
];
/** What no fault of these runs can change, and where it is seen to change. */
const NEVER_DIFFERENT: Readonly<Record<string, string>> = {
  'pipeline: Forest errors': 'no forest fails here: test/cli/metrics/partition-metrics.test.ts',
  'pipeline: Breaker of the forest': 'it trips when a forest fails: test/cli/serving/partition-health.test.ts',
};
/** Of the process that runs the test, or by the clock of the database. */
const OF_THE_MACHINE = ['pipeline: Event loop', 'pipeline: Memory', 'pipeline: Partitions'];

const isAnnotation = (name: string) => /: (Decisions|Incidents|Model changes)$/.test(name);

/** What is shown of a run, at the same times of each. */
interface Told {
  before: Shown;
  candidate: Shown;
  faults: Shown;
}

/** What dashboards show of the two days until an instant; Prometheus is asked when the run is over. */
class Story {
  readonly #run: Run;
  readonly #grafana: TestDatabase['pool'];
  readonly #moments: { filling: Filling; sql: Shown }[] = [];

  /** grafana: with the rights of dashboards. */
  constructor(run: Run, grafana: TestDatabase['pool']) {
    this.#run = run;
    this.#grafana = grafana;
  }

  async look(): Promise<void> {
    const { timeMs } = this.#run;
    const filling: Filling = {
      fromMs: timeMs - 48 * HOUR_MS,
      toMs: timeMs,
      stepSeconds: HOUR_MS / 1_000,
      scrapeSeconds: HOUR_MS / 1_000,
      variables: { stream: STREAM, entity: 'node-01', feature: 'cpu_percent__mean__10m' },
    };
    this.#moments.push({ filling, sql: await askSql(QUERIES, this.#grafana, filling) });
  }

  async told(): Promise<Told> {
    const expressions = QUERIES.filter(({ kind }) => kind === 'promql').map(({ expr }) => expr);
    const prometheus = await testPrometheus({ series: this.#run.scrapes.seriesFor(expressions) });
    const shown: Shown[] = [];
    for (const { filling, sql } of this.#moments)
      shown.push(together(sql, await askPromql(QUERIES, prometheus, filling)));
    const [before, candidate, faults] = shown as [Shown, Shown, Shown];
    return { before, candidate, faults };
  }
}

needsPrometheus('what dashboards show of a run', () => {
  const runs: Run[] = [];
  afterAll(() => Promise.all(runs.map((run) => run.end())));
  let well: Told;
  let ill: Told;

  async function tell(troubled: boolean): Promise<Told> {
    const database = await testDatabase();
    await ensureRoles(database.pool);
    const { pool } = await loginOf(database, 'tidewatch_grafana');
    const run = await Run.begin({ database });
    runs.push(run);
    const story = new Story(run, pool);
    await run.hours(HEALTHY_HOURS);
    await story.look();
    if (troubled) await run.command({ kind: 'retrain' });
    await run.hours(SHADOW_HOURS);
    await story.look();
    if (troubled) {
      await run.promoteChallenger();
      await run.fail();
    }
    await run.hours(FAULT_HOURS - 2);
    if (troubled) {
      await run.command({ kind: 'mode', mode: 'fallback' });
      await run.command({ kind: 'suspend' });
    }
    await run.hours(2);
    await story.look();
    return story.told();
  }

  beforeAll(async () => {
    well = await tell(false);
    ill = await tell(true);
  }, 120_000);

  test('until something happens both show the same, but for what is the machine’s', () => {
    const alike = alikeIn(well.before, ill.before);
    const others = [...well.before.keys()].filter((name) => !alike.includes(name));
    expect(others.sort()).toEqual(OF_THE_MACHINE);
  });

  test('every panel shows something of a healthy run, but what is only there when something is wrong', () => {
    const panels = (shown: Shown) => emptyIn(shown).filter((name) => !isAnnotation(name));
    expect(panels(well.faults)).toEqual(EMPTY_WHEN_WELL);
  });

  test('every panel shows something else with the fault, while a candidate is tried or after it', () => {
    const same = alikeIn(well.candidate, ill.candidate);
    const still = alikeIn(well.faults, ill.faults).filter((name) => same.includes(name));
    expect(still).toEqual(Object.keys(NEVER_DIFFERENT));
  });

  test('every panel shows something while a candidate is tried, or with the fault', () => {
    const never = emptyIn(ill.candidate).filter((name) => emptyIn(ill.faults).includes(name));
    expect(never).toEqual([]);
  });
});
