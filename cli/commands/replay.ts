import { existsSync, readFileSync, statSync } from 'node:fs';
import { TidewatchError } from '../../core/errors.ts';
import { compare } from '../../scenarios/replay/compare.ts';
import { replay } from '../../scenarios/replay/replay.ts';
import { type AddCommand, examples } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { colours } from '../ui/colours.ts';
import { print, printJson } from '../ui/output.ts';
import { progress } from '../ui/progress.ts';

interface Options {
  out: string;
  model?: string;
  expect?: string;
  json?: boolean;
}

/** Gunzipped bytes of a usual record, to guess how many a recording holds. */
const BYTES_A_RECORD = 70;

export const replayCommand: AddCommand = (program) => {
  program
    .command('replay <recording>')
    .description('Run recorded telemetry through the detector: verdicts, incidents and dispositions as flat files.')
    .requiredOption('-o, --out <dir>', 'folder for verdicts.csv, incidents.jsonl and dispositions.csv')
    .option(
      '-m, --model <file>',
      'model that serves throughout (default: as captured, or else the stream trains its own, as it would live)',
    )
    .option('-e, --expect <dir>', 'compare with the output of an earlier replay; exit 1 when anything differs')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      examples(
        ['tidewatch replay day.recording.gz --out now', 'what the detector says about that day'],
        ['tidewatch replay day.recording.gz --out now --expect day.expected', 'whether it still says the same'],
      ),
    )
    .action(async (recording: string, options: Options) => {
      const model = options.model === undefined ? undefined : readModel(options.model);
      if (!existsSync(recording)) throw new TidewatchError('file_missing', recording);
      const guess = Math.ceil(statSync(recording).size / BYTES_A_RECORD);
      const bar = progress('replay', { total: guess, unit: 'records' });
      const summary = await replay(recording, options.out, {
        ...(model === undefined ? {} : { model }),
        onProgress: (records, eventMs) =>
          bar.update(Math.min(records, guess), Number.isFinite(eventMs) ? new Date(eventMs).toISOString() : ''),
      });
      bar.end();
      const differences = options.expect === undefined ? [] : await compare(options.out, options.expect);
      if (differences.length > 0) process.exitCode = EXIT.different;
      if (options.json)
        return printJson({
          ...summary,
          out: options.out,
          same: options.expect === undefined ? null : differences.length === 0,
          differences,
        });
      const c = colours();
      print(
        `${summary.records} records, ${summary.verdicts} verdicts, ${summary.incidents} incidents → ${options.out}`,
      );
      if (summary.trainingFault !== null) print(c.yellow(`the stream could not train: ${summary.trainingFault}`));
      for (const fault of summary.refused) print(c.yellow(`a recorded model could not serve: ${fault}`));
      if (options.expect === undefined) return;
      if (differences.length === 0) print(`${c.green('same')} as ${options.expect}`);
      else print([`${c.red('different')} from ${options.expect}`, ...differences].join('\n'));
    });
};

function readModel(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TidewatchError('file_missing', file, { cause });
  }
}
