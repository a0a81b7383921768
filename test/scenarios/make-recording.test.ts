import { expect, test } from 'vitest';
import { type GeneratedRecord, generate, type RecordingOptions } from '../../scenarios/make-recording.ts';
import { MONDAY_MS } from './collect.ts';

async function records(options: Partial<RecordingOptions> = {}): Promise<GeneratedRecord[]> {
  const all: GeneratedRecord[] = [];
  for await (const record of generate({ seed: 1, hours: 1, disorderShare: 0.01, ...options })) all.push(record);
  return all;
}

interface Parsed {
  entity: string;
  time: number;
  values?: Record<string, number>;
  level?: string;
  appendMs: number;
}

function parse(record: GeneratedRecord): Parsed | null {
  try {
    return { ...JSON.parse(new TextDecoder().decode(record.value)), appendMs: record.appendMs };
  } catch {
    return null;
  }
}

test('a recording is the same for the same options and another for another seed', async () => {
  const options = { hours: 0.1 };
  expect(await records(options)).toEqual(await records(options));
  expect(await records({ ...options, seed: 2 })).not.toEqual(await records(options));
});

test('records come in the order of their append times, keyed by their entity', async () => {
  const all = await records();
  for (let i = 1; i < all.length; i++) expect(all[i]!.appendMs >= all[i - 1]!.appendMs).toBe(true);
  const wrong = all.filter((r) => {
    const parsed = parse(r);
    return parsed !== null && parsed.entity !== new TextDecoder().decode(r.key);
  });
  expect(wrong).toEqual([]);
});

test('late, duplicate, conflicting, malformed and future points are all in it', async () => {
  const all = await records();
  const parsed = all.map(parse);
  const samples = parsed.filter((p): p is Parsed => p?.values !== undefined);
  const share = (n: number) => n / all.length;
  const malformed = parsed.filter((p) => p === null).length;
  const late = samples.filter((p) => p.appendMs - p.time > 40_000).length;
  const future = samples.filter((p) => p.time - p.appendMs > 60_000).length;
  const seen = new Map<string, string>();
  let duplicate = 0;
  let conflicting = 0;
  for (const p of samples) {
    const key = `${p.entity} ${p.time}`;
    const values = JSON.stringify(p.values);
    const before = seen.get(key);
    if (before === undefined) seen.set(key, values);
    else if (before === values) duplicate++;
    else conflicting++;
  }
  for (const n of [malformed, late, future, duplicate, conflicting]) {
    expect(share(n)).toBeGreaterThan(0.004);
    expect(share(n)).toBeLessThan(0.02);
  }
  expect(samples.some((p) => p.values!.debug_allocations !== undefined)).toBe(true);
});

test('without disorder each service is there once a step', async () => {
  const all = (await records({ disorderShare: 0, filteredMetric: null })).map(parse);
  const samples = all.filter((p) => p?.values);
  expect(samples).toHaveLength(12 * 720);
  expect(new Set(samples.map((p) => `${p!.entity} ${p!.time}`)).size).toBe(12 * 720);
  expect(samples.every((p) => p!.appendMs > p!.time && p!.appendMs < p!.time + 1_000)).toBe(true);
});

test('faults are in it from their start on', async () => {
  const startMs = MONDAY_MS + 1_200_000;
  const faults = [
    { fault: 'silence', entity: 'cart', startMs, durationMs: 600_000 },
    { fault: 'truncated', entity: 'edge', startMs, durationMs: 600_000 },
    { fault: 'delayed', entity: 'search', startMs, durationMs: 600_000 },
  ];
  const all = (await records({ disorderShare: 0, faults })).map(parse);
  const during = (entity: string) =>
    all.filter((p) => p?.values && p.entity === entity && p.time >= startMs && p.time < startMs + 600_000);
  expect(during('cart')).toHaveLength(0);
  expect(during('edge')).toHaveLength(0);
  expect(all.filter((p) => p === null)).toHaveLength(120);
  expect(during('search')).toHaveLength(120);
  expect(during('search')[0]!.appendMs).toBeGreaterThan(startMs + 60_000);
  const times = during('search').map((p) => p!.time);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test('a fault that cannot be and hours out of range end it with a named error', async () => {
  await expect(records({ faults: [{ fault: 'nope', startMs: MONDAY_MS }] })).rejects.toThrow(/fault_unknown/);
  await expect(records({ hours: 0 })).rejects.toThrow(/hours/);
});
