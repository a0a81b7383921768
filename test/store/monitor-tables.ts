import type pg from 'pg';

const ONLY_GROW = ['decisions', 'evidence', 'audit_log', 'golden_sets'];
const OTHERS =
  'monitor_states, monitor_inputs, observations, serving, serving_history, outbox, interval_profiles, partition_state, partition_generations, model_roles, models';

/** Empties them as nobody but their owner can, by switching off what forbids it. */
export async function emptyMonitorTables(owner: pg.Pool): Promise<void> {
  for (const mode of ['DISABLE TRIGGER', 'TRUNCATE', 'ENABLE ALWAYS TRIGGER'])
    for (const table of ONLY_GROW)
      await owner.query(mode === 'TRUNCATE' ? `TRUNCATE ${table}` : `ALTER TABLE ${table} ${mode} only_grows`);
  await owner.query(`TRUNCATE ${OTHERS}`);
}
