import pc from 'picocolors';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { logLines, plainLine } from '../../../cli/ui/log-lines.ts';

const none = pc.createColors(false);
const timeless = (text: string) => text.replace(/^\d\d:\d\d:\d\d /, '');
const line = (entry: object, colours = none) => plainLine(JSON.stringify({ time: 0, level: 30, ...entry }), colours);

/** What a real logger with real lines puts out. */
function lines(log: (logger: pino.Logger) => void): string[] {
  const out: string[] = [];
  log(pino({ level: 'trace', base: null }, logLines({ write: (text: string) => out.push(text) }, none)));
  return out.map(timeless);
}

test('a line has the time of day, the level, the message and the fields', () => {
  expect(line({ msg: 'claimed', stream: 's', partition: 0, offset: 12 })).toMatch(
    /^\d\d:\d\d:\d\d info {2}claimed stream=s partition=0 offset=12$/,
  );
  expect(
    lines((logger) => {
      logger.child({ stream: 's' }).warn({ fault: { code: 'stalled' } }, 'waits');
      logger.debug('alone');
    }),
  ).toEqual(['warn  waits stream=s fault={"code":"stalled"}\n', 'debug alone\n']);
});

test('words stand as they are, text in quotes, lists as JSON', () => {
  const fields = { word: 'a/b:1', text: 'two words', list: ['t/0', 't/1'], nothing: null, empty: '' };
  expect(timeless(line({ msg: 'm', ...fields }))).toBe(
    'info  m word=a/b:1 text="two words" list=["t/0","t/1"] nothing=null empty=""',
  );
});

test('an error says what it says, without its stack', () => {
  const [said] = lines((logger) => logger.error({ err: new Error('it broke') }, 'stopping failed'));
  expect(said).toBe('error stopping failed err="it broke"\n');
});

test('what senders name cannot steer the terminal or begin a line', () => {
  const said = line({ msg: 'm\u001b[2J', entity: '\u001b]0;x\u0007', 'na\nme': '\u202eabc', text: 'a\nb' });
  expect(timeless(said)).toBe('info  m\u{fffd}[2J entity=\u{fffd}]0;x\u{fffd} na\u{fffd}me=\u{fffd}abc text="a\\nb"');
});

test('a long field is cut, and other text passes', () => {
  expect(line({ msg: 'm', list: 'x'.repeat(1_000) }).length).toBeLessThan(250);
  expect(plainLine('not JSON\n', none)).toBe('not JSON');
  expect(plainLine('{"level":"info"}', none)).toBe('{"level":"info"}');
});

test('colours mark what needs a look', () => {
  const colours = pc.createColors(true);
  expect(line({ level: 50, msg: 'm' }, colours)).toContain('\u001b[31merror\u001b[39m');
  expect(line({ level: 40, msg: 'm' }, colours)).toContain('\u001b[33mwarn \u001b[39m');
  expect(line({ msg: 'm' }, colours)).not.toContain('\u001b[3');
});
