import { EXIT } from '../exit-codes.ts';

/** One line for a person or a script. */
export function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** The form that `--json` promises: one document, indented, and nothing else on standard output. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

/** A reader that stops early, as in `tidewatch … | head`, is no error: the process ends as if it had said everything. */
export function endQuietlyWhenNobodyReads(stream: NodeJS.WriteStream = process.stdout): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.ok);
    throw error;
  });
}
