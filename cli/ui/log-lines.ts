import type { Colours } from './colours.ts';

/** Words of the logger's levels, all as wide as the widest. */
const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info ',
  40: 'warn ',
  50: 'error',
  60: 'fatal',
};
const WARN = 40;
const ERROR = 50;
/** The JSON of a field beyond this is cut: a line is for reading, the rest is in the log without a terminal. */
const MAX_FIELD_CHARS = 200;
/** Names in logs are the senders': none of them may move the cursor or colour the screen. */
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Where a logger writes, as pino takes it. */
export interface LogLines {
  write(line: string): void;
}

/** Turns the JSON lines of a logger into lines for a person at a terminal: time, level, message and fields. */
export const logLines = (out: { write(text: string): unknown }, colours: Colours): LogLines => ({
  write: (line) => void out.write(`${plainLine(line, colours)}\n`),
});

/** One JSON line for a person; what is no such line stays as it is. */
export function plainLine(line: string, c: Colours): string {
  const entry = parse(line);
  if (entry === null) return plain(line.trimEnd());
  const { time, level, msg, ...fields } = entry;
  const paint = level >= ERROR ? c.red : level >= WARN ? c.yellow : (text: string) => text;
  const about = Object.entries(fields).map(([name, value]) => `${plain(name)}=${shown(value)}`);
  const head = `${c.dim(clock(time))} ${paint(LEVELS[level] ?? String(level))} ${plain(msg ?? '')}`;
  return about.length === 0 ? head : `${head} ${c.dim(about.join(' '))}`;
}

interface Entry {
  time: number;
  level: number;
  msg?: string;
}

function parse(line: string): Entry | null {
  try {
    const entry = JSON.parse(line) as Entry | null;
    return typeof entry?.level === 'number' && typeof entry.time === 'number' ? entry : null;
  } catch {
    return null; // text of something else that writes here
  }
}

/** Time of day where the reader is. */
const clock = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);

/** Words as they are, everything else as JSON; of an error what it says, for its stack is no line. */
function shown(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return cut(plain(value));
  const said = isError(value) ? value.message : value;
  return cut(plain(JSON.stringify(said) ?? ''));
}

const isError = (value: unknown): value is { message: string } =>
  value !== null && typeof value === 'object' && 'message' in value && 'stack' in value;

const cut = (text: string): string => (text.length > MAX_FIELD_CHARS ? `${text.slice(0, MAX_FIELD_CHARS)}…` : text);

const plain = (text: string): string => String(text).replaceAll(CONTROL, '\u{fffd}');
