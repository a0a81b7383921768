import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateLimit } from '../../../monitor/access/rate-limit.ts';

test('a burst passes, then as many a second as are allowed, each caller by itself', () => {
  const limit = new RateLimit({ burst: 3, perSecond: 2 });
  expect([0, 0, 0, 0].map((ms) => limit.take('a', ms))).toEqual([0, 0, 0, 500]);
  expect(limit.take('b', 0)).toBe(0);
  expect([limit.take('a', 250), limit.take('a', 500), limit.take('a', 500)]).toEqual([250, 0, 500]);
});

test('no sequence of calls gets more through than burst and rate allow', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2_000), { maxLength: 300 }), (gaps) => {
      const limit = new RateLimit({ burst: 5, perSecond: 1 });
      let nowMs = 0;
      let passed = 0;
      for (const gap of gaps) {
        nowMs += gap;
        if (limit.take('a', nowMs) === 0) passed++;
      }
      expect(passed).toBeLessThanOrEqual(5 + nowMs / 1000 + 1e-6);
    }),
  );
});
