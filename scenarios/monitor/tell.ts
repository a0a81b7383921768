import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { openPack } from '../quality/pack.ts';
import { FLEET, type Job, scenarioNamed } from './job.ts';
import { judge, type RunSummary } from './judge.ts';
import { type RecordedDays, RecordedFleet, type RecordedSet, readDays } from './recorded.ts';
import { runReport } from './report.ts';
import { type MakeTelemetry, runScenario } from './run.ts';
import { saveRun } from './saved.ts';
import { SyntheticFleet } from './synthetic.ts';

const ENTITIES = 12;
const PERIOD_MS = 600_000;
/** Models larger than this are not written beside the ledger. */
const SAVED_MODEL_BYTES = 2_000_000;

/** Tells a story and the same without its trouble, writes what it leaves, and says what it came to. */
export async function tell(job: Job): Promise<RunSummary> {
  const scenario = scenarioNamed(job.scenario);
  const telemetry = await telemetryOf(job);
  const { seed, source } = job;
  const startedMs = systemClock.elapsed();
  const told = await runScenario({ scenario, seed, source, telemetry, troubled: true });
  const without = await runScenario({ scenario, seed, source, telemetry, troubled: false });
  const run = { ...told.result, wallMs: systemClock.elapsed() - startedMs };
  const summary = judge(scenario, run, without.result);
  if (job.out !== null) {
    const models = new Map([...told.models].filter(([, bytes]) => bytes.length <= SAVED_MODEL_BYTES));
    await saveRun(join(job.out, job.scenario, `${source}-${seed}`), {
      ledger: run.ledger,
      inputs: told.inputs,
      evidence: told.evidence,
      models,
      report: runReport(scenario, run, summary),
    });
  }
  return summary;
}

const days = new Map<string, Promise<RecordedDays>>();

async function telemetryOf({ source, pack }: Job): Promise<MakeTelemetry> {
  if (source === FLEET) return (seed, plain) => new SyntheticFleet(seed, ENTITIES, PERIOD_MS, plain);
  if (pack === null) throw new TidewatchError('request_invalid', `${source} needs the folder of a pack`);
  const key = JSON.stringify([pack, source]);
  let read = days.get(key);
  if (read === undefined) {
    read = openPack(pack).then((opened) => readDays(opened, source as RecordedSet));
    days.set(key, read);
  }
  const recorded = await read;
  return (seed) => new RecordedFleet(recorded, seed);
}
