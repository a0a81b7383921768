/** `npm run bench:quality -- PACK [--only smd,asd] [--seeds 3] [--out docs/quality.md]`: what each ingredient of the detector does. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { codeVersion } from '../cli/experiments.ts';
import { progress } from '../cli/ui/progress.ts';
import { systemClock } from '../core/clock.ts';
import { configHash } from '../core/config/hash.ts';
import { streamConfig } from '../core/config/stream.ts';
import { ablate } from '../scenarios/quality/ablation.ts';
import { ablationPage } from '../scenarios/quality/ablation-page.ts';
import { entitiesOf, openPack, type PackSet, PERIOD_MS } from '../scenarios/quality/pack.ts';
import { machineLine } from './lib/machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: 'smd,asd,js2' },
    seeds: { type: 'string', default: '3' },
    out: { type: 'string', default: 'docs/quality.md' },
  },
});
const sets = values.only.split(',') as PackSet[];
const seeds = Number(values.seeds);
const dir = positionals[0];
if (dir === undefined || !(seeds >= 1) || sets.some((set) => !(set in PERIOD_MS))) {
  process.stderr.write(
    `usage: npm run bench:quality -- PACK [--only ${Object.keys(PERIOD_MS)}] [--seeds 3] [--out FILE]\n`,
  );
  process.exit(2);
}
const pack = await openPack(dir);
const config = streamConfig.parse({ name: 'evaluation' });
const total = sets.reduce((sum, set) => sum + entitiesOf(pack, set).length, 0);
const bar = progress('ablation', { total, unit: 'entities' });
const rows = await ablate({
  pack,
  sets,
  seeds,
  config,
  clock: systemClock,
  onProgress: (done, note) => bar.update(done, note),
});
bar.end();
const page = ablationPage(rows, {
  configHash: configHash(config),
  codeVersion: codeVersion(),
  machine: machineLine(new Date()),
  seeds,
  sets,
  pack,
});
await writeFile(values.out, page);
process.stdout.write(`${values.out}\n`);
