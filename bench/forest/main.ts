/** `node --import tsx bench/forest/main.ts [--json]`: the forest's section alone. */
import { machineLine } from '../lib/machine.ts';
import { markdown } from '../lib/section.ts';
import { forestBench } from './section.ts';

const section = await forestBench();
const machine = machineLine(new Date());
console.log(
  process.argv.includes('--json')
    ? JSON.stringify({ machine, section }, null, 2)
    : `${machine}\n\n${markdown(section)}`,
);
