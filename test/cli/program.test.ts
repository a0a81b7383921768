import { expect, test } from 'vitest';
import { examples } from '../../cli/command.ts';
import { exitCodeOf } from '../../cli/exit-codes.ts';
import { buildProgram, everyCommand } from '../../cli/program.ts';
import { colours, wantsColour } from '../../cli/ui/colours.ts';
import { explainError } from '../../cli/ui/errors.ts';
import { progress } from '../../cli/ui/progress.ts';
import { ManualClock } from '../../core/clock.ts';
import { ERRORS, type ErrorCode, TidewatchError } from '../../core/errors.ts';

/** Without those that only hold others. */
const commands = everyCommand(buildProgram()).filter((command) => command.commands.length === 0);

function help(command: (typeof commands)[number]): string {
  let text = '';
  command.configureOutput({
    writeOut: (more) => {
      text += more;
    },
  });
  command.outputHelp();
  return text;
}

test.each(commands.map((c) => [c.name(), c] as const))(
  '%s --help says what it does and gives examples',
  (_, command) => {
    expect(command.description()).toMatch(/^[A-Z].*\.$/);
    expect(help(command)).toMatch(/\nExamples\n {2}\S/);
    for (const option of command.options) expect(option.description, option.flags).not.toBe('');
  },
);

test('examples stand in two columns', () => {
  expect(examples(['a', 'one'], ['bbb', 'two'])).toBe('\nExamples\n  a    one\n  bbb  two');
});

test('every error code has an exit code, and the surroundings have their own', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) expect([2, 3]).toContain(exitCodeOf(code));
  expect([exitCodeOf('port_taken'), exitCodeOf('config_invalid')]).toEqual([3, 2]);
});

test('an error is one line without a stack, unless verbose, which also shows its cause', () => {
  const plain = colours({});
  const error = new TidewatchError('file_missing', 'a.csv', { cause: new Error('the root of it') });
  expect(explainError(error, false, plain)).toEqual({
    text: 'error file_missing: The file does not exist or cannot be read. (a.csv) Check the path and the permissions.',
    exitCode: 2,
  });
  expect(explainError(error, true, plain).text).toMatch(/\n.*program\.test\.ts[\s\S]*caused by.*the root of it/);
  expect(explainError(new TypeError('x is odd'), false, plain)).toMatchObject({
    text: expect.stringMatching(/^error x is odd\. .*--verbose/),
    exitCode: 3,
  });
});

test('each problem of a configuration has a line of its own', () => {
  const { text } = explainError(new TidewatchError('config_invalid', 'a: bad\nb: bad'), false, colours({}));
  expect(text).toBe('error config_invalid: 2 things are wrong\n  a: bad\n  b: bad');
});

test('colours are for terminals without NO_COLOR', () => {
  expect(wantsColour({ isTTY: true }, {})).toBe(true);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  expect(wantsColour({}, {})).toBe(false);
});

test('progress off a terminal is a line every three seconds, and none for short work', () => {
  const clock = new ManualClock();
  let text = '';
  const stream = { write: (more: string) => (text += more) };
  const long = progress('training', { total: 200, unit: 'windows', stream, clock });
  for (let done = 0; done <= 70; done++) {
    long.update(done, `tree ${done}`);
    clock.advance(100);
  }
  long.end();
  expect(text.split('\n')).toEqual([
    'training: 30 of 200 windows (15 %), tree 30',
    'training: 60 of 200 windows (30 %), tree 60',
    'training: 70 of 200 windows (35 %), done',
    '',
  ]);
  text = '';
  const short = progress('training', { total: 2, stream, clock });
  short.update(2);
  short.end();
  expect(text).toBe('');
});
