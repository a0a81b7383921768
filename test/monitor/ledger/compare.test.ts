import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareDecisions } from '../../../monitor/ledger/compare.ts';
import type { Decision } from '../../../monitor/types.ts';
import { policyWith } from '../decide/make.ts';
import { written } from './make.ts';

const { decisions } = written(policyWith());
const renumbered = (of: readonly Decision[]): Decision[] => of.map((one, i) => ({ ...one, id: `shop-${i + 10}` }));

test('the same decisions are the same, and numbered otherwise they differ in nothing that matters', () => {
  expect(compareDecisions(decisions, structuredClone(decisions))).toEqual({
    same: true,
    lines: [],
    onlyFirst: [],
    onlySecond: [],
    changed: [],
  });
  expect(compareDecisions(decisions, renumbered(decisions))).toMatchObject({ same: false, lines: [] });
});

test('what is missing, added or done otherwise is told, each in one line, in the order of time', () => {
  const [first, second, ...rest] = decisions;
  const later = { ...first!, atMs: first!.atMs + 1, action: 'look' as const };
  const other = [{ ...second!, result: 'held' as const }, ...rest, later];
  const { lines, changed, onlyFirst, onlySecond } = compareDecisions(decisions, other);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^− .*promote champion, done$/);
  expect(lines[1]).toMatch(/^\+ .*look champion, done$/);
  expect(lines[2]).toMatch(/^≠ .*, done → .*, held \(result\)$/);
  expect([changed.length, onlyFirst.length, onlySecond.length]).toEqual([1, 1, 1]);
});

test('every decision is in both lists, changed, or in one of them alone', () => {
  const some = fc.subarray(decisions);
  fc.assert(
    fc.property(some, some, (a, b) => {
      const { onlyFirst, onlySecond, changed, lines } = compareDecisions(a, b);
      expect(changed).toEqual([]);
      expect(onlyFirst).toEqual(a.filter((one) => !b.includes(one)));
      expect(onlySecond).toEqual(b.filter((one) => !a.includes(one)));
      expect(lines).toHaveLength(onlyFirst.length + onlySecond.length);
    }),
  );
});
