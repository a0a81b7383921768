import { ERRORS, type ErrorCode } from '../../core/errors.ts';
import { readDeadLetterHeaders } from '../../ingest/kafka/dead-letter-headers.ts';
import type { DeadLetterCount, DeadLetterSummary, WholeDeadLetter } from '../../monitor/ports.ts';

const MAX_TEXT = 4_000;
const MAX_HEX_BYTES = 512;
const HEX_ROW = 16;
const MAX_DETAIL = 80;
const MAX_HEADERS = 64;

/** "12 s", "5 min", "3 h", "2 d". */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** A table as lines, its columns as wide as they need to be; the last one is cut. */
export function letterTable(letters: readonly DeadLetterSummary[], nowMs: number): string[] {
  const rows = letters.map((d) => [
    d.id,
    age(nowMs - d.receivedMs),
    d.stream,
    `${d.partition}:${d.offset}`,
    d.code,
    `${d.redrivenMs === null ? '' : '(sent again) '}${oneLine(d.detail, MAX_DETAIL)}`,
  ]);
  return columns([['ID', 'AGE', 'STREAM', 'AT', 'CODE', 'DETAIL'], ...rows]);
}

export function countTable(counts: readonly DeadLetterCount[]): string[] {
  const rows = counts.map(({ count, redriven, stream, code }) => [
    String(count),
    redriven > 0 ? `${redriven} sent again` : '',
    stream,
    code,
  ]);
  return columns(rows);
}

export function columns(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]!.length))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** Everything about one letter, line by line. */
export function letterInWords(d: WholeDeadLetter): string[] {
  const [meaning, remedy] = Object.hasOwn(ERRORS, d.code) ? ERRORS[d.code as ErrorCode] : ['', ''];
  const point = d.point < 0 ? 'the record as a whole' : `point ${d.point} of the record`;
  const known = [d.entity, d.metric, d.timeMs === null ? null : iso(d.timeMs)].filter((part) => part !== null);
  const sent = d.redrivenMs === null ? 'no' : `${iso(d.redrivenMs)}, ${d.redriveNote ?? ''}`;
  const lines = [
    `dead letter ${d.id}`,
    `  what       ${d.code}: ${meaning}`,
    `  detail     ${oneLine(d.detail, MAX_TEXT)}`,
    `  remedy     ${remedy}`,
    `  of         ${point}${known.length > 0 ? `: ${oneLine(known.join(', '), MAX_TEXT)}` : ''}`,
    `  from       ${d.topic === null ? 'the embedded log' : `topic ${d.topic}`}, partition ${d.partition}, offset ${d.offset}, stream ${d.stream}`,
    `  appended   ${d.appendMs === null ? 'unknown' : iso(d.appendMs)}, refused ${iso(d.receivedMs)}`,
    `  sent again ${sent}`,
  ];
  const origin = readDeadLetterHeaders(d.headers);
  if (origin !== null)
    lines.push(
      `  its headers say that it was a dead letter before: of ${oneLine(`${origin.topic ?? 'a topic'}, ${origin.message ?? origin.exception ?? ''}`, MAX_DETAIL)}`,
    );
  lines.push(d.key === null ? 'key: none' : `key, ${d.key.length} bytes`, ...(d.key === null ? [] : shown(d.key)));
  lines.push(d.headers.length === 0 ? 'headers: none' : `headers, ${d.headers.length}`);
  for (const [name, value] of d.headers.slice(0, MAX_HEADERS)) {
    const text =
      value === null ? 'null' : (textOf(value) ?? `${Buffer.from(value.subarray(0, HEX_ROW)).toString('hex')} (hex)`);
    lines.push(`  ${oneLine(name, MAX_DETAIL)}: ${oneLine(text, MAX_DETAIL)}`);
  }
  if (d.headers.length > MAX_HEADERS) lines.push(`  … and ${d.headers.length - MAX_HEADERS} more`);
  if (d.value === null) lines.push('value: null, a tombstone');
  else lines.push(`value, ${d.value.length} bytes`, ...shown(d.value));
  return lines;
}

/** Text that a terminal may be sent, or a hex dump; both cut, and said so. */
function shown(bytes: Uint8Array): string[] {
  const text = textOf(bytes);
  if (text !== null) {
    const cut = text.slice(0, MAX_TEXT).toWellFormed();
    const lines = cut.split('\n').map((line) => `  ${line.replaceAll('\r', '')}`);
    if (cut.length < text.length) lines.push(`  … ${text.length - cut.length} more characters; --json has all of it`);
    return lines;
  }
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, MAX_HEX_BYTES); at += HEX_ROW) {
    const row = bytes.subarray(at, Math.min(at + HEX_ROW, MAX_HEX_BYTES));
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`  ${at.toString(16).padStart(6, '0')}  ${hex.padEnd(HEX_ROW * 3 - 1)}  ${ascii}`);
  }
  if (bytes.length > MAX_HEX_BYTES)
    lines.push(`  … ${bytes.length - MAX_HEX_BYTES} more bytes; --json has all of them`);
  return lines;
}

/** null when it is no text, or one that would steer a terminal. */
function textOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return isPlain(text) ? text : null;
  } catch {
    return null; // bytes, then
  }
}

function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if ((c < 0x20 && c !== 0x09 && c !== 0x0a && c !== 0x0d) || (c >= 0x7f && c < 0xa0)) return false;
  }
  return true;
}

/** What strangers sent, on one line and without what would steer a terminal. */
export function oneLine(text: string, maxLength: number): string {
  let line = '';
  for (const c of text.slice(0, maxLength)) line += isPlain(c) && c >= ' ' ? c : '·';
  return text.length > maxLength ? `${line}…` : line;
}

const iso = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms));
