import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { parseDuration } from '../../core/config/duration.ts';
import { ERRORS, TidewatchError } from '../../core/errors.ts';
import type { DeadLetterFilter, DeadLetterSummary } from '../../monitor/ports.ts';
import { type AddCommand, examples } from '../command.ts';
import { countTable, letterInWords, letterTable } from '../deadletters/words.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import { colours } from '../ui/colours.ts';
import { whole } from '../ui/numbers.ts';
import { print, printJson } from '../ui/output.ts';

interface Filters {
  stream?: string;
  partition?: number;
  code?: string;
  since?: number;
  until?: number;
  all?: boolean;
  file?: string;
  json?: boolean;
}

interface RedriveFlags extends Filters {
  again?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

/** Read by one run of redrive; a next run goes on with those that are left. */
const MAX_REDRIVEN = 100_000;
const MAX_PARTITION = 999_999_999;

export const deadlettersCommand: AddCommand = (program) => {
  const group = program
    .command('deadletters')
    .description('Look at what was refused, with everything that came with it, and send it again after a fix.')
    .addHelpText(
      'after',
      examples(
        ['tidewatch deadletters list', 'the newest, and how many of each code'],
        ['tidewatch deadletters redrive --code metric_limit --dry-run', 'what sending them again would do'],
      ),
    );
  const filtered = (name: string, description: string) =>
    group
      .command(name)
      .description(description)
      .option('-s, --stream <name>', 'of this stream')
      .option('-p, --partition <n>', 'of this partition', whole(0, MAX_PARTITION))
      .option('-c, --code <code>', 'with this error code', errorCode)
      .option('--since <when>', 'refused since then: an age such as 2h, or a time', moment)
      .option('--until <when>', 'refused before then', moment)
      .option('-f, --file <file>', 'configuration to read (default: tidewatch.yaml, where there is one)')
      .option('--json', 'for scripts');

  filtered('list', 'List dead letters, newest first, and count them by code.')
    .option('--all', 'with those that were sent again')
    .option('-n, --limit <n>', 'how many at most', whole(10_000, 1), 20)
    .addHelpText(
      'after',
      examples(
        ['tidewatch deadletters list --since 1h', 'those of the last hour'],
        ['tidewatch deadletters list --stream hosts --code time_in_future --json', 'for scripts'],
      ),
    )
    .action(list);

  group
    .command('show <id>')
    .description('Show one dead letter: what was wrong, what to do about it, and all that came with the record.')
    .option('-f, --file <file>', 'configuration to read (default: tidewatch.yaml, where there is one)')
    .option('--json', 'for scripts; key, value and headers in base64')
    .addHelpText('after', examples(['tidewatch deadletters show telemetry:0:4711:-1', 'ids are in the list']))
    .action(show);

  filtered('redrive [ids...]', 'Send dead letters to their topic again, if they would be taken by now.')
    .option('--all', 'all that were not sent again yet')
    .option('--again', 'also those that were sent again before')
    .option('--dry-run', 'say what would happen, and send nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Each letter is tried with the decoder of the present configuration first. It stays where it is when it would be refused
again, or when its window has closed. Of a record only the points that were refused are counted when it comes again.
Letters of the embedded log cannot be sent again: post them to the running process. Exit code 1: some were not sent.
${examples(
  ['tidewatch deadletters redrive --code metric_limit --dry-run', 'after raising limits.metricsPerEntity'],
  ['tidewatch deadletters redrive --stream hosts --since 2h --yes', 'without a question'],
  ['tidewatch deadletters redrive telemetry:0:4711:3', 'one letter'],
)}`,
    )
    .action(redriveLetters);
};

function filterOf({ stream, partition, code, since, until }: Filters): DeadLetterFilter {
  return {
    ...(stream !== undefined && { stream }),
    ...(partition !== undefined && { partition }),
    ...(code !== undefined && { code }),
    ...(since !== undefined && { sinceMs: since }),
    ...(until !== undefined && { untilMs: until }),
  };
}

async function list(options: Filters & { limit: number }): Promise<void> {
  const { config } = loadConfig({ file: options.file });
  const { openLetters } = await import('../deadletters/open.ts');
  const opened = await openLetters(config);
  try {
    const filter = { ...filterOf(options), ...(!options.all && { redriven: false }) };
    const letters = await opened.letters.list(filter, { limit: options.limit });
    const counts = await opened.letters.counts(filter);
    if (options.json) return printJson({ letters, counts });
    if (letters.length === 0) return print(options.all ? 'No dead letters.' : 'No dead letters that wait.');
    for (const line of letterTable(letters, systemClock.now())) print(line);
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    print(`\n${total} in all${total > letters.length ? `, the newest ${letters.length} are shown` : ''}`);
    for (const line of countTable(counts)) print(`  ${line}`);
  } finally {
    await opened.close();
  }
}

async function show(id: string, options: { file?: string; json?: boolean }): Promise<void> {
  const { config } = loadConfig({ file: options.file });
  const { openLetters } = await import('../deadletters/open.ts');
  const opened = await openLetters(config);
  try {
    const letter = await opened.letters.get(id);
    if (letter === null) throw new TidewatchError('not_found', `dead letter ${id}`);
    const base64 = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('base64'));
    if (!options.json) for (const line of letterInWords(letter)) print(line);
    else
      printJson({
        ...letter,
        key: base64(letter.key),
        value: base64(letter.value),
        headers: letter.headers.map(([name, value]) => [name, base64(value)]),
      });
  } finally {
    await opened.close();
  }
}

async function redriveLetters(ids: string[], options: RedriveFlags): Promise<void> {
  const filter = filterOf(options);
  if (ids.length > 0 === (Object.keys(filter).length > 0 || options.all === true))
    throw new TidewatchError('request_invalid', 'redrive wants either ids or filters, or --all');
  const asks = options.dryRun !== true && options.yes !== true;
  if (asks && !(process.stdin.isTTY && process.stderr.isTTY))
    throw new TidewatchError(
      'request_invalid',
      'nobody can be asked here: --dry-run says what would be sent, --yes sends it',
    );
  const { config } = loadConfig({ file: options.file });
  // Loaded by this command alone: the others start without the client of Kafka.
  const { openRedrive } = await import('../deadletters/run.ts');
  const redriving = await openRedrive(config, { again: options.again === true });
  try {
    const letters = await redriving.find(ids, { ...filter, ...(!options.again && { redriven: false }) }, MAX_REDRIVEN);
    const first = asks || options.dryRun ? await redriving.run(letters, true) : null;
    const ready = first?.outcomes.filter(({ outcome }) => outcome === 'ready').map(({ letter }) => letter);
    let report = first;
    if (report === null) report = await redriving.run(letters, false);
    else if (asks && ready !== undefined && ready.length > 0 && (await agreed(ready))) {
      const sent = await redriving.run(ready, false);
      report = { outcomes: [...first!.outcomes.filter(({ outcome }) => outcome !== 'ready'), ...sent.outcomes] };
    }
    const outcomes = report.outcomes;
    const failed = outcomes.filter(({ outcome }) => !['ready', 'sent', 'sent_before'].includes(outcome));
    if (failed.length > 0) process.exitCode = EXIT.different;
    if (options.json)
      return printJson({
        dryRun: options.dryRun === true,
        letters: outcomes.map(({ letter, outcome, why }) => ({ id: letter.id, code: letter.code, outcome, why })),
      });
    const c = colours();
    for (const line of redriving.inWords(outcomes, options.dryRun === true)) print(line);
    if (letters.length === MAX_REDRIVEN)
      print(c.yellow(`Only the newest ${MAX_REDRIVEN} were looked at; run it again.`));
  } finally {
    await redriving.close();
  }
}

async function agreed(ready: readonly DeadLetterSummary[]): Promise<boolean> {
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  const topics = [...new Set(ready.map(({ topic }) => topic))].join(', ');
  const answer = await ask.question(`Send ${ready.length} dead letters to ${topics} again? [y/N] `);
  ask.close();
  return /^y(es)?$/i.test(answer.trim());
}

function errorCode(text: string): string {
  if (Object.hasOwn(ERRORS, text)) return text;
  throw new InvalidArgumentError('One of the codes of docs/reference/errors.md is wanted.');
}

/** Milliseconds of "2h" ago, or of a time as ISO 8601 writes it. */
function moment(text: string): number {
  const ageMs = parseDuration(text);
  const ms = Number.isNaN(ageMs) ? Date.parse(text) : systemClock.now() - ageMs;
  if (Number.isFinite(ms)) return ms;
  throw new InvalidArgumentError('An age such as 30m or 2h, or a time such as 2026-01-31T12:00:00Z is wanted.');
}
