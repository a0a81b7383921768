import { vi } from 'vitest';
import { buildProgram } from '../../../cli/program.ts';
import { explainError } from '../../../cli/ui/errors.ts';

export interface Said {
  out: string;
  /** '' when it ended well; else what a person reads. */
  error: string;
  code: number;
}

/** Runs a command of the program in this process, by the code that `tidewatch` runs. One at a time. */
export async function tidewatch(...args: string[]): Promise<Said> {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await buildProgram().parseAsync(args, { from: 'user' });
    return { out, error: '', code: Number(process.exitCode ?? 0) };
  } catch (cause) {
    const { text, exitCode } = explainError(cause, false);
    return { out, error: text, code: exitCode };
  } finally {
    process.exitCode = before;
    write.mockRestore();
  }
}
