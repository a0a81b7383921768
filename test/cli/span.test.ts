import { expect, test } from 'vitest';
import { spanOf } from '../../cli/span.ts';

test.each([
  ['7d', { lastMs: 7 * 86_400_000 }],
  ['2026-01-05..2026-01-06', { fromMs: Date.UTC(2026, 0, 5), toMs: Date.UTC(2026, 0, 6) }],
  [
    '2026-01-05T10:00..2026-01-05T12:30:00.500Z',
    { fromMs: Date.UTC(2026, 0, 5, 10), toMs: Date.UTC(2026, 0, 5, 12, 30, 0, 500) },
  ],
  [
    '2026-01-05T10:00:00.250Z..2026-01-05T13:00+01:00',
    { fromMs: Date.UTC(2026, 0, 5, 10, 0, 0, 250), toMs: Date.UTC(2026, 0, 5, 12) },
  ],
  ['2026-01-05..', { fromMs: Date.UTC(2026, 0, 5), toMs: Number.MAX_SAFE_INTEGER }],
])('%s is a span, in UTC where it names no zone', (text, span) => {
  expect(spanOf(text)).toEqual(span);
});

test.each(['test/recordings/fleet.recording.gz', './7d', 'DIR', '../2026-01-05', '0s'])('%s is a file', (text) => {
  expect(spanOf(text)).toBeNull();
});

test.each(['2026-01-06..2026-01-05', '2026-01-05..2026-01-05', '2026-13-45..2026-01-05', '2026-01-05..soon'])(
  '%s is refused',
  (text) => {
    expect(() => spanOf(text)).toThrow(/two ISO times, the earlier one first/);
  },
);
