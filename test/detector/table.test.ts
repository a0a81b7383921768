import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../core/bytes.ts';
import { Random } from '../../core/random.ts';
import { readArtifact, writeArtifact } from '../../detector/artifact.ts';
import { TABLE_DEFAULTS, TableModel } from '../../detector/table.ts';
import { mutations } from '../fuzz.ts';
import { cloud } from './forest/reference.ts';

const WIDTH = 4;
const rows = cloud(new Random(2), 800, WIDTH);
const model = TableModel.fit(rows, WIDTH, { seed: 3, trees: 8, sampleSize: 64 });
const bytes = model.save();

const faultOf = (artifact: Uint8Array): string => {
  const result = TableModel.load(artifact);
  return result.ok ? 'ok' : `${result.fault.code}: ${result.fault.detail}`;
};
/** The artifact with a section changed and sealed again with the right hash. */
const resealed = (name: string, change: (content: Uint8Array) => Uint8Array): Uint8Array => {
  const artifact = readArtifact(bytes);
  if (!artifact.ok) throw new Error(artifact.fault.detail);
  return writeArtifact(
    'table',
    new Map([...artifact.value.sections].map(([k, v]) => [k, k === name ? change(v.slice()) : v])),
  );
};
const patched = (offset: number, write: (view: DataView) => void) => (content: Uint8Array) => {
  write(new DataView(content.buffer, content.byteOffset + offset));
  return content;
};

describe('a table model', () => {
  test('fits the artifact limit, comes back from its bytes and scores the same', () => {
    const loaded = TableModel.load(bytes);
    if (!loaded.ok) throw new Error(loaded.fault.detail);
    expect(loaded.value.save()).toEqual(bytes);
    for (let i = 0; i < 100; i++) expect(loaded.value.score(rows, i * WIDTH)).toBe(model.score(rows, i * WIDTH));
  });

  test('has the same bytes for the same seed', () => {
    expect(TableModel.fit(rows, WIDTH, { seed: 3, trees: 8, sampleSize: 64 }).save()).toEqual(bytes);
    expect(TableModel.fit(rows, WIDTH, { seed: 4, trees: 8, sampleSize: 64 }).save()).not.toEqual(bytes);
  });

  test('with the default forest stays below 2 MB', () => {
    expect(TABLE_DEFAULTS).toEqual({ trees: 100, sampleSize: 256, maxDepth: 10, splitFeatures: 1 });
    expect(TableModel.fit(rows, WIDTH, { seed: 1 }).save().length).toBeLessThan(2e6);
  });

  test('keeps missing values in its golden rows', () => {
    const holes = rows.map((x, i) => (i % 5 === 0 ? Number.NaN : x));
    expect(TableModel.load(TableModel.fit(holes, WIDTH, { seed: 1, trees: 3 }).save()).ok).toBe(true);
  });

  test('of one row loads', () => {
    expect(TableModel.load(TableModel.fit(Float64Array.of(1, 2), 2, { seed: 1 }).save()).ok).toBe(true);
  });

  test('is refused when its golden vectors score otherwise', () => {
    const nudged = resealed('golden', (content) =>
      patched(content.length - 8, (view) => view.setFloat64(0, view.getFloat64(0, true) + 1e-9, true))(content),
    );
    expect(faultOf(nudged)).toMatch('artifact_mismatch: golden vector 15 scores');
    const emptied = resealed('golden', () => {
      const writer = new ByteWriter();
      writer.f64s([]);
      writer.f64s([]);
      return writer.finish();
    });
    expect(faultOf(emptied)).toBe('artifact_mismatch: 0 golden values for 0 rows of 4');
  });

  test('names the bad value of a damaged forest', () => {
    const { left, roots } = model.forest.trees;
    const leftAt = 12 + 4 + 4 * roots.length + 4;
    const weightsAt = leftAt + 4 * left.length + 2 * (4 + 4 * left.length) + 4;
    const put = (offset: number, write: (view: DataView) => void): string =>
      faultOf(resealed('forest', patched(offset, write)));
    expect(put(0, (view) => view.setUint32(0, 0, true))).toBe(
      'artifact_corrupt: forest width is 0, expected 1 to 65536, in the forest at byte 0',
    );
    expect(put(leftAt, (view) => view.setInt32(0, 2, true))).toMatch('left child of node 0 is 2, expected 1');
    expect(put(leftAt + 4, (view) => view.setInt32(0, 1, true))).toMatch('left child of node 1 is 1, expected');
    expect(put(leftAt, (view) => view.setInt32(0, -5, true))).toMatch('left child of node 0 is -5');
    expect(put(weightsAt, (view) => view.setFloat64(0, Number.NaN, true))).toMatch('weight 0 is NaN');
    expect(put(12, (view) => view.setUint32(0, 0xffffffff, true))).toMatch('roots is 4294967295, more than');
  });

  test('of another kind is refused', () => {
    const artifact = readArtifact(bytes);
    if (!artifact.ok) throw new Error(artifact.fault.detail);
    expect(faultOf(writeArtifact('stream', artifact.value.sections))).toBe(
      'artifact_mismatch: kind is stream, expected table',
    );
    expect(faultOf(writeArtifact('table', new Map()))).toMatch('artifact_corrupt: section forest is missing');
  });

  test('damaged in any way is refused by its hash', () => {
    let i = 0;
    for (const { kind, bytes: damaged } of mutations(21, 3_000, bytes)) {
      if (faultOf(damaged) === 'ok') throw new Error(`mutation ${i} of seed 21 (${kind}) was accepted`);
      i++;
    }
  });

  test('damaged inside and sealed again never crashes, and scores every row finitely when it loads', () => {
    const artifact = readArtifact(bytes);
    if (!artifact.ok) throw new Error(artifact.fault.detail);
    for (const name of ['forest', 'golden']) {
      let i = 0;
      for (const { bytes: damaged } of mutations(22, 4_000, artifact.value.sections.get(name)!)) {
        const result = TableModel.load(resealed(name, () => damaged));
        if (result.ok) {
          const score = result.value.score(rows, 0);
          if (!Number.isFinite(score)) throw new Error(`mutation ${i} of ${name}, seed 22: score ${score}`);
        } else if (!result.fault.code.startsWith('artifact_')) throw new Error(`mutation ${i}: ${result.fault.code}`);
        i++;
      }
    }
  });
});
