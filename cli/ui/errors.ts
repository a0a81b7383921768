import { TidewatchError } from '../../core/errors.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { type Colours, colours } from './colours.ts';

/** What went wrong in as few lines as it takes, and the exit code that says so. Stacks and causes only when verbose. */
export function explainError(
  error: unknown,
  verbose: boolean,
  c: Colours = colours(process.stderr),
): { text: string; exitCode: number } {
  const stack = verbose && error instanceof Error ? `\n${c.dim(stackOf(error))}` : '';
  if (error instanceof TidewatchError) {
    const many = error.detail.includes('\n');
    const text = many
      ? `${error.code}: ${error.detail.split('\n').length} things are wrong\n${error.detail.replace(/^/gm, '  ')}`
      : error.message;
    return { text: `${c.red('error')} ${text}${stack}`, exitCode: exitCodeOf(error.code) };
  }
  const message = error instanceof Error ? error.message : String(error);
  const hint = verbose ? '' : ' This is a bug in Tidewatch or a failure of the system; --verbose shows where.';
  return { text: `${c.red('error')} ${message}.${hint}${stack}`, exitCode: EXIT.infrastructure };
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
