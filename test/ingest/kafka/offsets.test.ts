import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Result } from '../../../core/errors.ts';
import { fail, ok } from '../../../core/errors.ts';
import { TopicOffsets } from '../../../ingest/kafka/offsets.ts';
import type { KafkaAdmin, OffsetRange } from '../../../ingest/kafka/ports.ts';

const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

/** A cluster whose end rises with each look of the test, and which answers when it is told to. */
function cluster() {
  const open: (() => void)[] = [];
  const seen = { end: 0, requests: 0, reachable: true };
  const admin = {
    offsets: () =>
      new Promise<Result<readonly OffsetRange[]>>((resolve) => {
        seen.requests++;
        // what a broker says is as of any moment after the request was made
        const end = seen.end;
        const answer = seen.reachable ? ok([{ partition: 0, start: 0, end }]) : fail('broker_unavailable', 'away');
        open.push(() => resolve(answer));
      }),
  } as unknown as KafkaAdmin;
  return { seen, answer: () => open.shift()?.(), offsets: new TopicOffsets(admin, 't') };
}

test('whoever asks while a request is under way gets the answer of the next, and they share it', async () => {
  const { seen, answer, offsets } = cluster();
  const first = offsets.of(0);
  seen.end = 10;
  const others = [offsets.of(0), offsets.of(0), offsets.of(7)];
  expect(seen.requests).toBe(1);
  answer();
  expect(await first).toMatchObject({ end: 0 });
  await settle();
  expect(seen.requests).toBe(2);
  answer();
  expect(await Promise.all(others)).toMatchObject([{ end: 10 }, { end: 10 }, null]);
});

test('no answer is older than its question, whatever the order of questions and answers', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('ask', 'answer', 'append', 'settle'), { maxLength: 60 }),
      async (steps) => {
        const { seen, answer, offsets } = cluster();
        const asked: Promise<void>[] = [];
        const ask = async () => {
          const least = seen.end;
          expect((await offsets.of(0))!.end).toBeGreaterThanOrEqual(least);
        };
        for (const step of steps) {
          if (step === 'ask') asked.push(ask());
          else if (step === 'answer') answer();
          else if (step === 'append') seen.end++;
          else await settle();
        }
        for (let i = 0; i < 3; i++) {
          answer();
          await settle();
        }
        await Promise.all(asked);
        expect(seen.requests).toBeLessThanOrEqual(asked.length);
      },
    ),
  ));

test('a cluster that cannot be reached is null, and asked anew', async () => {
  const { seen, answer, offsets } = cluster();
  seen.reachable = false;
  const away = offsets.of(0);
  answer();
  expect(await away).toBe(null);
  seen.reachable = true;
  const back = offsets.of(0);
  answer();
  expect(await back).toMatchObject({ end: 0 });
});
