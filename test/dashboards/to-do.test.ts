import { expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { expandSql } from '../../dashboards/index.ts';
import { toDo } from '../../dashboards/overview-sql.ts';
import type { Decision } from '../../monitor/types.ts';
import { PostgresMonitorStore } from '../../store/monitor-store.ts';
import { testDatabase } from '../postgres.ts';
import { HOUR_MS, makeCommit, makeDecision, makeState, T0 } from '../store/monitor-make.ts';
import { makeFilling } from './make.ts';

const database = await testDatabase();
const LATER = T0 + 8 * HOUR_MS;

let versions = 0;
async function decide(change: Partial<Decision>, state: Parameters<typeof makeState>[1] = {}): Promise<void> {
  const version = ++versions;
  const commit = makeCommit(version, { state: makeState(version, state) });
  const decision = makeDecision(version, {
    reason: `decision ${version}`,
    atMs: T0 + 5 * HOUR_MS + version,
    ...change,
  });
  const hold = (await new PostgresMonitorStore(database.pool, systemClock).hold('test'))!;
  const decisions = [{ ...commit.decisions[0]!, decision }];
  expect(await hold.commit({ ...commit, decisions })).toBe('committed');
  await hold.release();
}
const told = async (): Promise<string[]> => {
  const { rows } = await database.pool.query(expandSql(toDo(), makeFilling(LATER)));
  return rows.map((row) => `${row.Urgency}: ${row.Why}`);
};

it('is empty while nothing is decided', async () => {
  expect(await told()).toEqual([]);
});

it('is the newest decision of each trigger, what pages first', async () => {
  await decide({ trigger: 'psi_drift', urgency: 'ticket', runbook: 'psi_drift' });
  await decide({ trigger: 'error_rate', urgency: 'page', runbook: 'error_rate' });
  await decide({ trigger: 'psi_drift', urgency: 'ticket', runbook: 'psi_drift' });
  expect(await told()).toEqual(['page: decision 2', 'ticket: decision 3']);
});

it('goes when the trigger has nothing more to say to people', async () => {
  await decide({ trigger: 'error_rate', action: 'resume_forest', urgency: 'info' });
  expect(await told()).toEqual(['ticket: decision 3']);
});

it('knows decisions that no trigger asked for', async () => {
  await decide({ trigger: null, action: 'withdraw', urgency: 'ticket' });
  expect(await told()).toEqual(['ticket: decision 5', 'ticket: decision 3']);
});

it('says that a controller is suspended, for as long as it is', async () => {
  await decide({ trigger: null, action: 'suspend', urgency: 'info' }, { suspended: true });
  expect((await told())[0]).toMatch(/^page: The controller is suspended/);
  await decide({ trigger: null, action: 'resume', urgency: 'info' });
  expect(await told()).toEqual(['ticket: decision 5', 'ticket: decision 3']);
});

it('leaves out what was decided before the time shown', async () => {
  await decide({ trigger: 'quality_fallen', atMs: T0 - HOUR_MS });
  expect(await told()).toEqual(['ticket: decision 5', 'ticket: decision 3']);
});
