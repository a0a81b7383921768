/**
 * `npm run bench:drift -- PACK [--quick]`: false drift alarms and shifts found on recorded telemetry, causes told, and the
 * speed of the kernels. In full it writes docs/drift.md.
 */
import { writeFileSync } from 'node:fs';
import { policyConfig } from '../../core/config/policy.ts';
import { openPack } from '../../scenarios/quality/pack.ts';
import { machineLine } from '../lib/machine.ts';
import { type Alarms, alarmSection, measure, nothingYet } from './alarms.ts';
import { causeSection } from './causes.ts';
import { speed, speedSection } from './speed.ts';
import { recorded, SETS } from './streams.ts';

const PAGE = 'docs/drift.md';
const SEED = 1;

const args = process.argv.slice(2);
const dir = args.find((arg) => !arg.startsWith('-'));
const quick = args.includes('--quick');
if (dir === undefined) {
  process.stderr.write(
    'npm run bench:drift -- PACK [--quick], PACK being a folder of labelled telemetry (docs/quality.md)\n',
  );
  process.exit(2);
}
const startedMs = performance.now();
const say = (line: string): void => {
  process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${line}\n`);
};

const pack = await openPack(dir);
const configured = policyConfig.parse({}).falseAlarmsPerWeek;
const alarms = {
  train: [nothingYet('measured'), nothingYet('textbook')],
  test: [nothingYet('measured'), nothingYet('textbook')],
};
for (const part of ['train', 'test'] as const) {
  for await (const stream of recorded(pack, quick ? ['asd'] : SETS, part)) {
    measure(stream, alarms[part], SEED);
    const [{ alarms: count, weeks }] = alarms[part] as [Alarms, Alarms];
    say(`${part} ${stream.name}: ${count} false alarms in ${weeks.toFixed(1)} weeks so far`);
  }
}
say('speed …');
const times = await speed();
let told = 0;
const causes = quick
  ? null
  : await causeSection(pack, {}, (done, of, note) => {
      if (done * 20 >= told * of) {
        told++;
        say(`causes ${done} of ${of}: ${note}`);
      }
    });

const page = [
  '# Drift: what is measured',
  '',
  '<!-- Written by `npm run bench:drift -- PACK`; do not edit. -->',
  '',
  `${machineLine(new Date())} Data: ${pack.dataHash} (${pack.split}), the train files of SMD (Su et al., NetManAIOps), ASD and JumpStarter's services (NetManAIOps), whose licences are beside them; the pack is not part of this repository.`,
  '',
  alarmSection(alarms.train, alarms.test, configured),
  ...(causes === null ? [] : [causes.markdown]),
  speedSection(times),
].join('\n');
if (quick) process.stdout.write(`${page}\n`);
else {
  writeFileSync(PAGE, page);
  say(`wrote ${PAGE}`);
}
