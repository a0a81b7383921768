import { readFileSync, statSync } from 'node:fs';
import { fail, orThrow, type Result, TidewatchError } from '../../core/errors.ts';
import { type AddCommand, examples } from '../command.ts';
import { type Facts, factLines } from '../inspect/facts.ts';
import { MODEL_MAGIC, modelFacts } from '../inspect/model.ts';
import { RECORDING_MAGIC, recordingFacts } from '../inspect/recording.ts';
import { print, printJson } from '../ui/output.ts';

/** Files beyond this are neither models nor recordings that one would look at. */
const MAX_FILE_BYTES = 1024 ** 3;

/** Files are known by their first bytes, whatever their names. */
const KINDS: readonly { magic: string; facts: (bytes: Uint8Array) => Result<Facts> | Promise<Result<Facts>> }[] = [
  { magic: MODEL_MAGIC, facts: modelFacts },
  { magic: RECORDING_MAGIC, facts: recordingFacts },
];

export const inspectCommand: AddCommand = (program) => {
  program
    .command('inspect <file>')
    .description('Say what a model or a recording holds, after checking every byte of it.')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      examples(
        ['tidewatch inspect model.twm', 'its forest, entities and features; exits 2 when it is damaged'],
        ['tidewatch inspect day.recording.gz', 'its times, entities, metrics and what was refused'],
        ['tidewatch inspect model.twm --json', 'the same for scripts'],
      ),
    )
    .action(async (file: string, options: { json?: boolean }) => {
      const facts = orThrow(await inspect(read(file)));
      if (options.json) return printJson(facts);
      for (const line of factLines(facts)) print(line);
    });
};

async function inspect(bytes: Uint8Array): Promise<Result<Facts>> {
  const head = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  const kind = KINDS.find(({ magic }) => head.startsWith(magic));
  if (!kind)
    return fail(
      'file_unknown',
      `its first bytes are ${Buffer.from(bytes.subarray(0, 8)).toString('hex') || 'missing'}`,
    );
  return kind.facts(bytes);
}

function read(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE_BYTES) throw new TidewatchError('artifact_too_large', `${file} has ${size} bytes`);
    return readFileSync(file);
  } catch (cause) {
    if (cause instanceof TidewatchError) throw cause;
    throw new TidewatchError('file_missing', `${file}: ${(cause as NodeJS.ErrnoException).code ?? cause}`, { cause });
  }
}
