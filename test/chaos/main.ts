import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Fault } from './fault.ts';
import { FAULTS } from './faults.ts';
import { page, table } from './report.ts';
import { type Outcome, runFault } from './run.ts';
import { Site } from './site.ts';

const HELP = `npm run chaos -- [--short] [--only NAME] [--seed N] [--out FILE]

Breaks a real broker, a real PostgreSQL and real workers under load, then holds what is left against a run that nothing
disturbed. Exits 1 when anything was lost, doubled or judged otherwise. Needs Java 17 and Maven.

  --short      the six faults that are part of every test run, within two minutes
  --only NAME  faults whose name contains this
  --seed N     another load, another moment (default 1)
  --out FILE   where the report goes (default: docs/chaos.md, for a full run)
  --keep       leave the folder with the logs of workers and servers
  --help       this text

Examples
  npm run chaos -- --short
  npm run chaos -- --only SIGSTOP --seed 7`;

/** Each run makes so many verdicts at least. */
const SIZE = { windows: 100, entities: 105 };

/** Event time a second; a short run has less time for each fault. */
const SPEED = { full: 50, short: 80 };

/** Of a short run, where a small machine has room for two loads and the workers of both. */
const AT_ONCE = 2;

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const chosen = FAULTS.filter(
    ({ name, short }) => (!values.short || short) && name.toLowerCase().includes((values.only ?? '').toLowerCase()),
  );
  const speed = values.short ? SPEED.short : SPEED.full;
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  say('starts Kafka and PostgreSQL …');
  const site = await Site.open();
  const outcomes: Outcome[] = [];
  const notDone: string[] = [];
  try {
    const one = async (fault: Fault): Promise<Outcome | null> => {
      const lacking = (await fault.prepare?.(site)) ?? null;
      if (lacking !== null) {
        notDone.push(`${fault.name}: not done here, ${lacking}`);
        say(notDone.at(-1)!);
        return null;
      }
      say(`${fault.name} …`);
      const order = { site, fault, seed: Number(values.seed), ...SIZE, speed, say };
      const outcome = await runFault(order).catch((cause: unknown) => stuck(fault.name, cause));
      await fault.undo?.(site);
      return outcome;
    };
    for (const group of values.short ? sideBySide(chosen) : chosen.map((fault) => [fault]))
      outcomes.push(...(await Promise.all(group.map(one))).filter((outcome) => outcome !== null));
  } finally {
    await site.close(values.keep);
  }
  process.stdout.write(`${table(outcomes)}\n`);
  const full = !values.short && values.only === undefined;
  const out = values.out ?? (full ? 'docs/chaos.md' : undefined);
  if (out !== undefined) {
    writeFileSync(out, await page(outcomes, notDone));
    say(`wrote ${out}`);
  }
  if (outcomes.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
}

/** Faults that spare the servers in groups, the others one by one. */
function sideBySide(faults: readonly Fault[]): Fault[][] {
  const groups: Fault[][] = [];
  for (const fault of faults) {
    const last = groups.at(-1);
    if (fault.sparesServers && last?.[0]?.sparesServers && last.length < AT_ONCE) last.push(fault);
    else groups.push([fault]);
  }
  return groups;
}

/** A run that did not come to rest. */
function stuck(name: string, cause: unknown): Outcome {
  const none = { strikes: 0, traces: 0, gapMs: 0, recoveredMs: 0, respawned: 0, records: 0, peakRssMib: 0 };
  const broken = [cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)];
  process.stderr.write(`${name}: ${broken[0]}\n`);
  return { name, ...none, verdicts: 0, lost: 0, doubled: 0, differing: 0, broken };
}

await main();
process.exit();
