import { parseArgs } from 'node:util';
import { defects } from './defects.ts';
import { simulate } from './simulate.ts';

/** `npm run protocol -- --seeds 1000 [--from 1] [--defect NAME]`: simulates many seeds; exits 1 when one violates. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    defect: { type: 'string' },
  },
});
const variant = values.defect === undefined ? undefined : defects[values.defect]?.variant;
if (values.defect !== undefined && variant === undefined)
  throw new Error(`no such defect; there are ${Object.keys(defects).join('; ')}`);

const from = Number(values.from);
const seeds = Number(values.seeds);
const found = new Map<string, number[]>();
const totals: Record<string, number> = {};
let bad = 0;
const startedMs = performance.now();
for (let seed = from; seed < from + seeds; seed++) {
  const run = await simulate(seed, variant);
  if (run.violations.length > 0) bad++;
  for (const violation of run.violations) found.set(violation, [...(found.get(violation) ?? []), seed]);
  for (const [fault, n] of Object.entries({ ...run.faults, verdicts: run.verdicts, steps: run.steps }))
    totals[fault] = (totals[fault] ?? 0) + n;
}
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
process.stdout.write(`${bad} of ${seeds} seeds violate an invariant, ${seconds} s\n${JSON.stringify(totals)}\n`);
for (const [violation, of] of found)
  process.stdout.write(`  ${violation}: ${of.length} seeds (${of.slice(0, 5).join(', ')})\n`);
process.exitCode = bad > 0 ? 1 : 0;
