import { expect, test } from 'vitest';
import { factLines } from '../../cli/inspect/facts.ts';
import { modelFacts } from '../../cli/inspect/model.ts';
import { Random } from '../../core/random.ts';
import { TableModel } from '../../detector/table.ts';

const random = new Random(1);
const rows = Float64Array.from({ length: 600 }, () => random.normal());
const bytes = TableModel.fit(rows, 3, { seed: 1, trees: 10 }).save();

test('a model says what it is', () => {
  const facts = modelFacts(bytes);
  expect(facts).toMatchObject({
    ok: true,
    value: { kind: 'model of a table', sizeBytes: bytes.length, forest: { trees: 10, sampleSize: 200, width: 3 } },
  });
  if (!facts.ok) return;
  expect(factLines(facts.value).join('\n')).toMatch(/^kind +model of a table\n[\s\S]*\nforest +trees 10, nodes /);
});

test('a flipped bit is found before anything is told', () => {
  const damaged = bytes.slice();
  damaged[200]! ^= 4;
  expect(modelFacts(damaged)).toMatchObject({ ok: false, fault: { code: 'artifact_corrupt' } });
});

test('long lists are cut with their count', () => {
  const names = Array.from({ length: 20 }, (_, i) => `e${i}`);
  expect(factLines({ entities: names })).toEqual([expect.stringMatching(/^entities {2}20: e0, .*e11, and 8 more$/)]);
  expect(factLines({ entities: [] })).toEqual(['entities  0']);
});
