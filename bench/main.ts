/** `npm run bench [-- --json] [--quick] [--only forest,fold,…]`: measures, prints, and writes docs/benchmarks.md when all ran in full. */
import { readFileSync, writeFileSync } from 'node:fs';
import { foldBench } from './fold/section.ts';
import { forestBench } from './forest/section.ts';
import { latencyBench } from './latency/section.ts';
import { machineLine } from './lib/machine.ts';
import { chosen, page, withOthers } from './lib/report.ts';
import type { BenchSection } from './lib/section.ts';
import { memoryBench } from './memory/section.ts';
import { metricsBench } from './metrics/section.ts';
import { monitoringBench } from './monitoring/section.ts';
import { rulesBench } from './rules/section.ts';

const BENCHES: Record<string, (quick: boolean) => Promise<BenchSection>> = {
  forest: forestBench,
  fold: foldBench,
  memory: memoryBench,
  latency: latencyBench,
  monitoring: monitoringBench,
  metrics: metricsBench,
  rules: rulesBench,
};

const PAGE = 'docs/benchmarks.md';
const args = process.argv.slice(2);
const quick = args.includes('--quick');
const names = chosen(args, Object.keys(BENCHES));
const sections: BenchSection[] = [];
for (const name of names) {
  process.stderr.write(`${name} …\n`);
  sections.push(await BENCHES[name]!(quick));
}
const machine = machineLine(new Date());
const text = page(machine, sections);
console.log(args.includes('--json') ? JSON.stringify({ machine, sections }, null, 2) : text);
if (!quick && names.length === Object.keys(BENCHES).length)
  writeFileSync(PAGE, withOthers(text, readFileSync(PAGE, 'utf8')));
