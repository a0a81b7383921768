import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { own, type Path, pathText, schemaAt, wanted } from './json-schema.ts';

type Issue = z.core.$ZodIssue;

const SHOWN_LENGTH = 60;

/** One line for each thing that is wrong: where, what it got, what it wanted, and the nearest valid name. */
export function problemsOf(issues: readonly Issue[], input: unknown, whereFrom: (path: Path) => string): string[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    if (issue.code !== 'unrecognized_keys') return [line(issue, path, input, whereFrom)];
    const valid = Object.keys(schemaAt(path)?.properties ?? {});
    return issue.keys.map(
      (key) => `${pathText([...path, key])}${whereFrom([...path, key])}: ${unknownKey(key, valid)}`,
    );
  });
}

/** "there is no such key; did you mean size? (allowedLateness, hop, maxSkew, size)" */
export function unknownKey(key: string, valid: readonly string[]): string {
  return `there is no such key${nearest(key, valid)} (${[...valid].sort().join(', ')})`;
}

/** Nearer than half of its length, or it would be a guess. "; did you mean size?", or nothing. */
export function nearest(given: string, valid: readonly string[]): string {
  const near = closest(
    given.toLowerCase(),
    valid.map((v) => v.toLowerCase()),
  );
  const name = valid.find((v) => v.toLowerCase() === near);
  return name && distance(given.toLowerCase(), near) <= Math.max(2, name.length / 2) ? `; did you mean ${name}?` : '';
}

function line(issue: Issue, path: Path, input: unknown, whereFrom: (path: Path) => string): string {
  const node = schemaAt(path);
  const value = valueAt(input, path);
  // A rule of ours has its own words; for zod's own checks the schema says what the key takes as a whole.
  const ours = issue.code === 'custom' || issue.code === 'invalid_format' || !/^(Invalid|Too)/.test(issue.message);
  const want = ours || !node ? issue.message : wanted(node);
  const key = `${pathText(path) || 'the file'}${whereFrom(path)}`;
  if (value === undefined)
    return issue.code === 'invalid_type' ? `${key}: is missing; wanted ${want}` : `${key}: ${want}`;
  const hint = typeof value === 'string' && node?.enum ? nearest(value, node.enum) : '';
  const got = node?.secret ? 'a secret that does not fit' : shown(value);
  return / must /.test(want) ? `${key}: got ${got}; ${want}` : `${key}: got ${got}, wanted ${want}${hint}`;
}

export function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value !== null && typeof value === 'object') return 'a section of keys';
  if (value === null) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const step of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = own(value as Record<string, unknown>, String(step));
  }
  return value;
}
