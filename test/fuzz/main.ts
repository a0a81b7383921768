/** `npm run fuzz -- --seed S --count N [--only TARGET]`: feeds every reader its share of N inputs. */
import { parseArgs } from 'node:util';
import { fuzz } from './target.ts';
import { TARGETS } from './targets.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '10000000' },
    only: { type: 'string' },
  },
});
const seed = Number(values.seed);
const count = Number(values.count);
if (!Number.isInteger(seed) || !(count >= 1)) throw new Error('--seed and --count are whole numbers');

for (const target of TARGETS) {
  if (values.only !== undefined && values.only !== target.name) continue;
  const inputs = Math.ceil(count * (values.only === undefined ? target.share : 1));
  process.stdout.write(`${target.name}: ${inputs} inputs, seed ${seed} … `);
  const finding = await fuzz(target, seed, inputs);
  process.stdout.write(finding === null ? 'nothing found\n' : `input ${finding.index} ${finding.why}\n`);
  if (finding === null) continue;
  process.stdout.write(`Add it to test/fuzz/findings.ts: ${Buffer.from(finding.input).toString('base64')}\n`);
  process.exitCode = 1;
}
