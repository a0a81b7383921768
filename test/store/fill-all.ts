import type pg from 'pg';
import { expect } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { PostgresLabels } from '../../store/labels.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresMaintenance } from '../../store/maintenance.ts';
import { PostgresMonitorStore } from '../../store/monitor-store.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { PostgresRegistry } from '../../store/registry.ts';
import { makeDeadLetter, makeIncident, makeVerdict, noCounters, outputs } from './make.ts';
import {
  HOUR_MS,
  lineage,
  makeCommit,
  makeLabel,
  makeObservation,
  makeServing,
  makeState,
  message,
  T0,
} from './monitor-make.ts';

const CHALLENGER = {
  modelId: 'c',
  share: 0.05,
  windows: 5,
  alerts: 1,
  failed: 0,
  paired: 5,
  both: 1,
  onlyChampion: 0,
  onlyChallenger: 0,
};
const LETTER = makeDeadLetter({ at: { entity: 'web-1', metric: 'cpu', timeMs: T0 } });
const ANOMALOUS = makeVerdict({
  severity: 1.25,
  attributions: [
    { metric: 'cpu', share: 1, value: Number.NaN, expectedLow: Number.NEGATIVE_INFINITY, expectedHigh: 1.1 },
  ],
});
const QUALITY = {
  score: 29,
  dimensions: { completeness: 4, accuracy: 5, consistency: 5, timeliness: 5, relevance: 5, volume: 5 },
  faults: [],
  trainable: true,
} as const;
const MAINTENANCE = {
  id: 'w',
  stream: 'hosts',
  entity: null,
  metric: null,
  fromMs: T0,
  toMs: T0 + HOUR_MS,
  reason: 'move',
  actor: 'operator:ada',
  createdMs: 1,
};

/** Something in every table that a view shows, written by those whose duty it is. */
export async function fillAll(worker: pg.Pool, monitor: pg.Pool): Promise<void> {
  const options = { stream: 'hosts', partition: 0, clock: systemClock, log: silentLogger };
  const store = new PostgresPartitionStore(worker, options);
  const { epoch } = await store.claim('a');
  const all = outputs({ verdicts: [ANOMALOUS], incidents: [makeIncident()], deadLetters: [LETTER] });
  expect(await store.flush(all, epoch)).toEqual({ divergent: 0 });
  await store.appendControl(epoch, 0, { kind: 'watermark', toMs: 1 });
  await store.recordLoss(1, 2, 'retention');
  const at = { epoch, offsetPrevious: 0, offsetNext: 5, watermarkMs: T0, controlSequence: 0 };
  const counters = { ...noCounters, applied: 5 };
  expect(await store.checkpoint({ ...at, state: Uint8Array.of(1), counters })).toBe('committed');
  const registry = new PostgresRegistry(monitor, systemClock);
  const champion = await registry.put('hosts', 'seen', Uint8Array.of(3), lineage);
  const hold = (await new PostgresMonitorStore(monitor, systemClock).hold('test'))!;
  const observation = makeObservation(T0, { challenger: { ...CHALLENGER, modelId: 'next' }, quality: QUALITY });
  const state = makeState(1, { spent: [{ action: 'retrain', atMs: T0 }] });
  const serving = makeServing({ champion });
  const commit = makeCommit(1, { observation, state, serving, outbox: [message('m')] });
  expect(await hold.commit(commit)).toBe('committed');
  await hold.release();
  await new PostgresLabels(monitor).add(makeLabel());
  await new PostgresMaintenance(monitor).add(MAINTENANCE);
}
