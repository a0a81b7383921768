import { canonicalJson } from '../../core/config/hash.ts';
import type { Decision } from '../types.ts';

export interface Comparison {
  /** Equal to the letter. */
  same: boolean;
  /** One line for each difference, in the order of time. */
  lines: readonly string[];
  onlyFirst: readonly Decision[];
  onlySecond: readonly Decision[];
  changed: readonly (readonly [first: Decision, second: Decision])[];
}

/**
 * What two lists of decisions differ in, in words. Decisions belong together that the same trigger, person or step took
 * at the same time; that they are numbered otherwise is no difference by itself.
 */
export function compareDecisions(first: readonly Decision[], second: readonly Decision[]): Comparison {
  const waiting = new Map<string, Decision[]>();
  for (const one of second) {
    const list = waiting.get(placeOf(one));
    if (list === undefined) waiting.set(placeOf(one), [one]);
    else list.push(one);
  }
  const onlyFirst: Decision[] = [];
  const changed: [Decision, Decision][] = [];
  const lines: { atMs: number; text: string }[] = [];
  for (const one of first) {
    const other = waiting.get(placeOf(one))?.shift();
    if (other === undefined) {
      onlyFirst.push(one);
      lines.push({ atMs: one.atMs, text: `− ${told(one)}` });
      continue;
    }
    const what = differing(one, other);
    if (what.length === 0) continue;
    changed.push([one, other]);
    lines.push({ atMs: one.atMs, text: `≠ ${told(one)} → ${told(other)} (${what.join(', ')})` });
  }
  const onlySecond = [...waiting.values()].flat();
  for (const one of onlySecond) lines.push({ atMs: one.atMs, text: `+ ${told(one)}` });
  const ordered = lines.sort((a, b) => a.atMs - b.atMs).map(({ text }) => text);
  return { same: canonicalJson(first) === canonicalJson(second), lines: ordered, onlyFirst, onlySecond, changed };
}

const placeOf = ({ stream, atMs, trigger, actor, action }: Decision): string =>
  canonicalJson([stream, atMs, trigger ?? action, actor]);

function differing(a: Decision, b: Decision): string[] {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof Decision)[];
  return keys.filter((key) => key !== 'id' && canonicalJson(a[key] ?? null) !== canonicalJson(b[key] ?? null));
}

function told({ id, atMs, action, result, trigger, model }: Decision): string {
  const time = Math.abs(atMs) <= 8.64e15 ? new Date(atMs).toISOString() : `${atMs} ms`;
  const by = trigger === null ? '' : ` by ${trigger}`;
  return `${time} ${id}: ${action}${model === null ? '' : ` ${model.modelId}`}${by}, ${result}`;
}
