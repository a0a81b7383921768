import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MAX_NUMBERS, MAX_SERIES, SERIES_IDLE_MS } from '../../ingest/cumulative.ts';
import { MAX_BUCKETS } from '../../ingest/decode/buckets.ts';
import { influxLineDecoder } from '../../ingest/decode/influx-line.ts';
import { MAX_BODY_BYTES, MAX_DEPTH, MAX_NAME_LENGTH, MAX_RECORD_BYTES, MAX_TAGS } from '../../ingest/decode/limits.ts';
import { otlpDecoder } from '../../ingest/decode/otlp.ts';
import { telegrafJsonDecoder } from '../../ingest/decode/telegraf-json.ts';
import { tidewatchJsonDecoder } from '../../ingest/decode/tidewatch-json.ts';
import { decodeAll } from './decode/collect.ts';

const page = readFileSync('docs/reference/formats.md', 'utf8');
const examples = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map((match) => match[1]!);

test.each(examples('json'))('the example %s is read without a fault', (text) => {
  const { samples, cumulatives = [], events, faults } = decodeAll(tidewatchJsonDecoder(), text);
  expect(faults).toEqual([]);
  expect(samples.length + cumulatives.length + events.length).toBeGreaterThan(0);
  for (const { timeMs } of [...samples, ...cumulatives, ...events])
    expect(Math.abs(timeMs - Date.UTC(2026, 0, 5))).toBeLessThan(2000);
});

test.each([
  ['otlp', otlpDecoder({ encoding: 'otlp_json', entityTags: ['service.name'] }), 'checkout', 'cpu.load'],
  ['telegraf', telegrafJsonDecoder({ entityTags: ['host'], timestampUnit: 's' }), 'web-1', 'cpu_usage_user{cpu=cpu0}'],
] as const)('the example of %s is read as the page says', (language, decoder, entity, metric) => {
  const { samples, faults } = decodeAll(decoder, examples(language)[0]!);
  expect(faults).toEqual([]);
  expect(samples).toMatchObject([{ entity, timeMs: Date.UTC(2026, 0, 5) }]);
  expect(samples[0]!.values[0]![0]).toBe(metric);
});

test('the lines of the page become the metrics that it names', () => {
  const [lines] = examples('influx');
  const decoder = influxLineDecoder({ entityTags: ['host'] });
  const { samples, faults } = decodeAll(decoder, lines!);
  expect(faults).toEqual([]);
  expect(samples.every((s) => s.entity === 'web-1')).toBe(true);
  const metrics = samples.flatMap((s) => s.values.map(([name]) => name));
  const sentence = /So the lines above are [^.]*\./.exec(page)![0];
  const named = [...sentence.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
  expect(named).toEqual(['web-1', ...metrics]);
});

test('the limits of the page are those of the code', () => {
  expect(page).toContain(`| record | ${MAX_RECORD_BYTES / 2 ** 20} MiB |`);
  expect(page).toContain(`1 to ${MAX_NAME_LENGTH} UTF-16 units`);
  const counted = (n: number) => n.toLocaleString('en-US');
  expect(page).toContain(`at most ${counted(MAX_SERIES)} series with ${counted(MAX_NUMBERS)} numbers`);
  expect(SERIES_IDLE_MS).toBe(3_600_000); // "silent for an hour"
  expect(page).toContain(`at most ${MAX_BUCKETS} buckets, a point at most ${MAX_TAGS}`);
  expect(page).toContain(`| nesting | ${MAX_DEPTH} levels |`);
  expect(page).toContain(`| body of an HTTP request | ${MAX_BODY_BYTES / 2 ** 20} MiB`);
});
