import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CATCH_UP_MS, DemoSource, LONGEST_PAUSE_MS } from '../../../cli/embedded/demo-source.ts';
import { ManualClock } from '../../../core/clock.ts';
import type { NewRecord } from '../../../ingest/ports.ts';

const START_MS = Date.UTC(2026, 0, 7, 12);
const STEP_MS = 5_000;
const SERVICES = 12;
const root = mkdtempSync(path.join(tmpdir(), 'tidewatch-'));
afterAll(() => rmSync(root, { recursive: true }));

interface Bench {
  source: DemoSource;
  clock: ManualClock;
  records: NewRecord[];
  errors: string[];
  said: string[];
}

function make(file: string, nowMs: number, newestMs: () => number = () => Number.NEGATIVE_INFINITY): Bench {
  const clock = new ManualClock(nowMs);
  const bench = { clock, records: [] as NewRecord[], errors: [] as string[], said: [] as string[] };
  const source = new DemoSource({
    seed: 7,
    stepMs: STEP_MS,
    clock,
    file,
    newestMs,
    append: async (records) => void bench.records.push(...records),
    say: (message) => bench.said.push(message),
    onError: (_, what) => bench.errors.push(what),
  });
  return { ...bench, source };
}

/** Lets everything go on that does not wait for a later time. */
const settle = async (clock: ManualClock, turns = 20) => {
  for (let i = 0; i < turns; i++) {
    clock.advance(0);
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const timeOf = (record: NewRecord) => (JSON.parse(Buffer.from(record.value).toString()) as { time: number }).time;
const texts = (records: NewRecord[]) => records.map((r) => Buffer.from(r.value).toString());

test('the fleet lives through its recent past first, then a step every stepMs', async () => {
  const { source, clock, records } = make(path.join(root, 'a.json'), START_MS);
  source.start();
  await settle(clock);
  const steps = CATCH_UP_MS / STEP_MS + 1;
  expect(new Set(records.map(timeOf)).size).toBe(steps);
  expect(records.length).toBeGreaterThanOrEqual(steps * (SERVICES - 1));
  clock.advance(STEP_MS);
  await settle(clock);
  expect(new Set(records.map(timeOf)).size).toBe(steps + 1);
  await source.stop();
});

test('after an unclean end it lives through what its log already holds, unsent, and goes on as if it had not ended', async () => {
  const file = path.join(root, 'b.json');
  const first = make(file, START_MS);
  first.source.start();
  await settle(first.clock);
  const saved = readFileSync(file); // of the first steps; what follows dies with the process
  for (let i = 0; i < 4; i++) {
    first.clock.advance(STEP_MS);
    await settle(first.clock);
  }
  await first.source.stop();
  writeFileSync(file, saved);

  const heldMs = START_MS + 2 * STEP_MS;
  const second = make(file, first.clock.now(), () => heldMs);
  second.source.start();
  await settle(second.clock);
  await second.source.stop();
  expect(second.records.map(timeOf).every((ms) => ms > heldMs)).toBe(true);
  expect(texts(second.records)).toEqual(texts(first.records.filter((r) => timeOf(r) > heldMs)));
});

test('a pause of a night leaves no gap, one of two days does', async () => {
  const file = path.join(root, 'e.json');
  const first = make(file, START_MS);
  first.source.start();
  await settle(first.clock);
  await first.source.stop();
  const lastMs = timeOf(first.records.at(-1)!);
  for (const [pauseMs, gapMs] of [
    [8 * 3_600_000, STEP_MS],
    [2 * LONGEST_PAUSE_MS, LONGEST_PAUSE_MS],
  ] as const) {
    const next = make(file, lastMs + pauseMs);
    writeFileSync(`${file}.kept`, readFileSync(file));
    next.source.start();
    await settle(next.clock, 400);
    expect(timeOf(next.records[0]!) - lastMs).toBe(gapMs);
    expect(timeOf(next.records.at(-1)!)).toBe(next.clock.now());
    await next.source.stop();
    writeFileSync(file, readFileSync(`${file}.kept`));
  }
});

test('a state that is damaged is said, and the fleet starts anew', async () => {
  const file = path.join(root, 'c.json');
  writeFileSync(file, '{"half":');
  const { source, clock, records, said } = make(file, START_MS);
  expect(said.join()).toContain('the fleet starts anew');
  source.start();
  await settle(clock);
  await source.stop();
  expect(records.length).toBeGreaterThan(0);
});

test('a disk that takes no state does not end the fleet', async () => {
  const { source, clock, records, errors } = make(path.join(root, 'no', 'such', 'folder.json'), START_MS);
  source.start();
  await settle(clock);
  const before = records.length;
  clock.advance(STEP_MS);
  await settle(clock);
  expect(records.length).toBeGreaterThan(before);
  expect(errors).toContain('the demo fleet could not be saved');
  await source.stop();
});

test('a fleet that was never started leaves no state behind', async () => {
  const file = path.join(root, 'd.json');
  const { source } = make(file, START_MS);
  await source.stop();
  expect(() => readFileSync(file)).toThrow('ENOENT');
});
