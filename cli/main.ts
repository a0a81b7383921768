import { CommanderError } from 'commander';
import { EXIT } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import { explainError } from './ui/errors.ts';
import { endQuietlyWhenNobodyReads } from './ui/output.ts';

endQuietlyWhenNobodyReads(process.stdout);
endQuietlyWhenNobodyReads(process.stderr);

const program = buildProgram();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has said what there was to say; it ends with 0 after --help and --version
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
  } else {
    const { text, exitCode } = explainError(error, program.opts<{ verbose: boolean }>().verbose);
    process.stderr.write(`${text}\n`);
    process.exitCode = exitCode;
  }
}
