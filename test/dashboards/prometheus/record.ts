/**
 * Records what the monitor saw in stretches of its stories, for the tests of rules:
 * `npx tsx test/dashboards/prometheus/record.ts` writes recorded/NAME.jsonl.gz, a look of the monitor a line.
 */
import { mkdirSync } from 'node:fs';
import { FLEET, scenarioNamed } from '../../../scenarios/monitor/job.ts';
import { runScenario } from '../../../scenarios/monitor/run.ts';
import { SyntheticFleet } from '../../../scenarios/monitor/synthetic.ts';
import { RECORDED, record } from './recorded.ts';

const HOUR_MS = 3_600_000;
const SEED = 1;
const ENTITIES = 12;
const PERIOD_MS = 600_000;

/** Stretches in hours after the beginning of service; the healthy one lies between two warnings of psi_warn, which a month has. */
const STRETCHES = [
  { scenario: 'healthy-month', name: 'healthy', fromHour: 152, toHour: 400 },
  { scenario: 'healthy-month', name: 'month-old', fromHour: 680, toHour: 740 },
  { scenario: 'unit-change', name: 'unit-change', fromHour: 60, toHour: 300 },
  { scenario: 'sudden-change', name: 'sudden-change', fromHour: 96, toHour: 390 },
  { scenario: 'calibration-shift', name: 'calibration-shift', fromHour: 80, toHour: 200 },
  { scenario: 'plain-is-enough', name: 'plain-is-enough', fromHour: 0, toHour: 216 },
] as const;

mkdirSync(RECORDED, { recursive: true });
for (const scenario of new Set(STRETCHES.map((stretch) => stretch.scenario))) {
  const { result } = await runScenario({
    scenario: scenarioNamed(scenario),
    seed: SEED,
    source: FLEET,
    telemetry: (seed, plain) => new SyntheticFleet(seed, ENTITIES, PERIOD_MS, plain),
    troubled: true,
  });
  for (const { name, fromHour, toHour } of STRETCHES.filter((stretch) => stretch.scenario === scenario)) {
    const [fromMs, toMs] = [fromHour, toHour].map((hour) => result.servedMs + hour * HOUR_MS) as [number, number];
    record(
      name,
      result.observations.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
    );
  }
}
