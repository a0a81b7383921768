import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../core/config/duration.ts';
import { AGGREGATION_DOCS } from '../../../core/config/feature-docs.ts';
import { jsonSchema, type SchemaNode } from '../../../core/config/json-schema.ts';
import { rootConfig } from '../../../core/config/root.ts';
import { formatSize, parseSize } from '../../../core/config/size.ts';
import { AGGREGATIONS } from '../../../core/config/stream.ts';

test('durations and sizes survive being written and read', () => {
  fc.assert(fc.property(fc.nat(), (ms) => parseDuration(formatDuration(ms)) === ms));
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseSize(formatSize(bytes)) === bytes));
});

test.each([
  ['1GiB', 1024 ** 3],
  ['500MB', 5e8],
  ['1.5KiB', 1536],
  ['12', 12],
  [12, 12],
])('%s is a size', (text, bytes) => expect(parseSize(text)).toBe(bytes));

test.each(['', 'GiB', '-1', '1 gib', '1e3', '1iB', 'kiB', '3KB'])('%j is no size', (text) => {
  expect(parseSize(text)).toBeNaN();
});

test.each(['', '5', 's', '-1s', '1 year', '1e3s'])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeNaN();
});

function leaves(node: SchemaNode, path: string): [string, SchemaNode][] {
  if (node.properties) return Object.entries(node.properties).flatMap(([k, n]) => leaves(n, `${path}.${k}`));
  if (node.items?.properties) return [[path, node], ...leaves(node.items, `${path}[]`)];
  return [[path, node]];
}

test('every key is described, and refuses keys it does not know', () => {
  const undescribed = leaves(jsonSchema(), '').filter(
    ([path, node]) => !node.description && path !== '.streams[].features',
  );
  expect(undescribed.map(([path]) => path)).toEqual([]);
  expect(JSON.stringify(jsonSchema()).match(/"properties"/g)).toHaveLength(
    JSON.stringify(jsonSchema()).match(/"additionalProperties":false/g)!.length,
  );
});

test('every default that the JSON Schema shows is one that the configuration takes', () => {
  const fill = (node: SchemaNode): unknown =>
    node.properties
      ? Object.fromEntries(
          Object.entries(node.properties)
            .map(([key, inner]) => [key, fill(inner)])
            .filter(([, value]) => value !== undefined),
        )
      : node.default;
  expect(rootConfig.parse(fill(jsonSchema()))).toEqual(rootConfig.parse({}));
});

test('every aggregation is documented', () => {
  expect(Object.keys(AGGREGATION_DOCS)).toEqual([...AGGREGATIONS]);
});
