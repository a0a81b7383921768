import type { Config } from '../../core/config/root.ts';
import { TidewatchError } from '../../core/errors.ts';
import { describeAttribution, formatValue } from '../../detector/words.ts';
import { explainDecision } from '../../monitor/ledger/explain.ts';
import type { Reader, StoredVerdict } from '../../monitor/ports.ts';
import { findPostgres } from '../../store/embedded.ts';
import { openPool } from '../../store/pool.ts';
import { PostgresReader } from '../../store/reader.ts';
import { type AddCommand, examples } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findDecision, type LedgerOptions, withLedgers } from '../ledgers.ts';
import { loadConfig } from '../load-config.ts';
import { print, printJson } from '../ui/output.ts';

const HOUR_MS = 3_600_000;
/** An hour of the shortest windows. */
const WINDOWS_READ = 36_000;

interface Options {
  file?: string;
  json?: boolean;
}

export const explainCommand: AddCommand = (program) => {
  const explain = program.command('explain').description('Say in words why something was decided.');
  explain
    .command('verdict <id>')
    .description('Why a window was judged so: each metric, what was expected, and its share. ID, or STREAM/ENTITY.')
    .option('-f, --file <file>', 'configuration of the running process')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      examples(
        ['tidewatch explain verdict demo/checkout', 'the worst window of the last hour of an entity, with its id'],
        ['tidewatch explain verdict 4f0c…', 'one window; /api/entities/STREAM/ENTITY has the ids of newest and worst'],
      ),
    )
    .action(async (id: string, options: Options) => {
      const { config } = loadConfig({ file: options.file });
      const verdict = await find(config, id);
      if (verdict === null) throw new TidewatchError('not_found', `verdict ${id}`);
      if (options.json) printJson(plain(verdict));
      else for (const line of inWords(verdict)) print(line);
    });
  explain
    .command('decision <id>')
    .description('Decide again from the stored evidence alone, and say whether the ledger agrees. ID, or latest.')
    .option('-f, --file <file>', 'configuration of the running process')
    .option('--from <dir>', 'what `scenario run --out` wrote, in place of the database')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      examples(
        [
          'tidewatch explain decision latest',
          'why the newest decision was taken; exit code 1 when the ledger disagrees',
        ],
        ['tidewatch explain decision latest --from DIR', 'of a scenario that was run'],
      ),
    )
    .action(explainStored);
};

async function explainStored(id: string, options: LedgerOptions & { json?: boolean }): Promise<void> {
  await withLedgers(options, async (ledgers) => {
    const { entry, ledger } = await findDecision(ledgers, id);
    const told = await explainDecision(entry, ledger.evidence);
    if (options.json) printJson({ ledger: ledger.name, entry, ...told });
    else {
      for (const sentence of told.sentences) print(sentence);
      print(told.agrees ? 'The ledger agrees.' : 'THE LEDGER DISAGREES.');
    }
    if (!told.agrees) process.exitCode = EXIT.different;
  });
}

async function find(config: Config, id: string): Promise<StoredVerdict | null> {
  const url = config.database.url ?? (await findPostgres(config.database.dir));
  if (url === null) throw new TidewatchError('database_unavailable', 'no embedded server runs; start `tidewatch up`');
  const pool = openPool(url);
  try {
    const reader = new PostgresReader(pool);
    return (await reader.verdict(id)) ?? (await worstOf(reader, id));
  } finally {
    await pool.end();
  }
}

/** The most severe window of the last hour of STREAM/ENTITY, counted back from its newest window. */
async function worstOf(reader: Reader, name: string): Promise<StoredVerdict | null> {
  const slash = name.indexOf('/');
  if (slash < 0) return null;
  const [stream, entity] = [name.slice(0, slash), name.slice(slash + 1)];
  const known = (await reader.entities(stream)).find((e) => e.entity === entity);
  if (known === undefined) return null;
  const range = { fromMs: known.lastWindowEndMs - HOUR_MS, toMs: known.lastWindowEndMs };
  const windows = await reader.verdicts(stream, entity, range, WINDOWS_READ);
  return windows.reduce<StoredVerdict | null>((worst, v) => (worst && worst.severity >= v.severity ? worst : v), null);
}

/** What a verdict says, line by line. */
export function inWords(v: StoredVerdict): string[] {
  const from = new Date(v.windowStartMs).toISOString();
  const judged = v.severity > 1 ? 'anomalous' : 'normal';
  const model = v.source === 'forest' ? `model ${v.modelId}, calibration ${v.calibrationVersion}` : 'no model needed';
  const lines = [
    `verdict ${v.id}`,
    `${v.entity} (${v.stream}), ${v.windowMs / 1000} s from ${from}: ${judged}`,
    `severity ${formatValue(v.severity)} (above 1 is anomalous), p = ${v.pValue.toPrecision(2)}, by the ${v.source}, ${model}`,
  ];
  if (v.probation) lines.push('on probation: there was too little history to trust the p-value');
  if (v.attributions.length === 0) lines.push('no metric stands out');
  for (const a of v.attributions)
    lines.push(`  ${`${Math.round(a.share * 100)} %`.padStart(5)}  ${describeAttribution(a)}`);
  const { features, values, low, high } = v.readings;
  lines.push('readings');
  for (let i = 0; i < features.length; i++) {
    const band = Number.isFinite(low[i]!) ? `${formatValue(low[i]!)} to ${formatValue(high[i]!)}` : 'no band yet';
    lines.push(`  ${features[i]}  ${Number.isNaN(values[i]!) ? 'missing' : formatValue(values[i]!)}  (${band})`);
  }
  return lines;
}

const plain = (v: StoredVerdict) => ({
  ...v,
  readings: v.readings.features.map((feature, i) => ({
    feature,
    value: v.readings.values[i],
    low: v.readings.low[i],
    high: v.readings.high[i],
  })),
});
