import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { explainDecision } from '../../../monitor/ledger/explain.ts';
import { verifyChain } from '../../../monitor/ledger/verify.ts';
import { FLEET, scenarioNamed } from '../../../scenarios/monitor/job.ts';
import { runScenario } from '../../../scenarios/monitor/run.ts';
import { savedRuns } from '../../../scenarios/monitor/saved.ts';
import { SyntheticFleet } from '../../../scenarios/monitor/synthetic.ts';
import { tell } from '../../../scenarios/monitor/tell.ts';

const OUT = mkdtempSync(path.join(tmpdir(), 'tidewatch-scenarios-'));
afterAll(() => rm(OUT, { recursive: true, force: true }));

const LIMIT_MS = 120_000;

test.each(['unit-change', 'metric-dropped', 'plain-is-enough'])(
  '%s ends as it should, and otherwise without its trouble',
  async (scenario) => {
    const summary = await tell({ scenario, seed: 1, source: FLEET, pack: null, out: OUT });
    expect(summary.differences).toEqual([]);
    expect(summary.differsWithout).toBe(true);
    expect(summary.falseActions).toBe(0);
  },
  LIMIT_MS,
);

test(
  'what a run leaves verifies, explains itself, and shows one altered byte',
  async () => {
    const [run] = await savedRuns(path.join(OUT, 'unit-change'));
    expect(await verifyChain(run!.ledger)).toEqual({ ok: true, entries: run!.ledger.length });
    for (const entry of run!.ledger) {
      const told = await explainDecision(entry, run!.evidence);
      expect(told).toMatchObject({ agrees: true, why: '' });
    }
    const entry = run!.ledger.at(-1)!;
    const file = path.join(run!.dir, 'evidence', entry.evidence);
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file, bytes);
    expect((await explainDecision(entry, run!.evidence)).agrees).toBe(false);
  },
  LIMIT_MS,
);

test(
  'the same seed leaves the same ledger, to the byte',
  async () => {
    // without the run that goes untroubled, which leaves nothing
    const { result } = await runScenario({
      scenario: scenarioNamed('unit-change'),
      seed: 1,
      source: FLEET,
      telemetry: (seed, plain) => new SyntheticFleet(seed, 12, 600_000, plain),
      troubled: true,
    });
    const again = result.ledger.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    expect(await readFile(path.join(OUT, 'unit-change', `${FLEET}-1`, 'ledger.jsonl'), 'utf8')).toBe(again);
  },
  LIMIT_MS,
);
