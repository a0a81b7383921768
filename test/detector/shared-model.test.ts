import { expect, test } from 'vitest';
import { streamConfig } from '../../core/config/stream.ts';
import { verifyModel } from '../../detector/shared-model.ts';
import { makeModel, testConfig } from './make.ts';

const config = testConfig();
const artifact = makeModel(config, ['a', 'b'], 2);
const read = (bytes: Uint8Array, of = config) => verifyModel(bytes, of, 'm');

test('the same bytes give the same model, wherever they come from', () => {
  const [one, other] = [read(artifact), read(artifact.slice())];
  expect(one.ok && other.ok && one.value === other.value).toBe(true);
});

test('damaged bytes are refused though the whole ones are in use', () => {
  expect(read(artifact).ok).toBe(true);
  for (const at of [0, artifact.length >> 1, artifact.length - 1]) {
    const damaged = artifact.slice();
    damaged[at]! ^= 1;
    expect(read(damaged)).toMatchObject({ ok: false, fault: { code: expect.stringMatching(/^artifact_/) } });
  }
});

test('a model in use is held against the schema of each stream that asks', () => {
  expect(read(artifact).ok).toBe(true);
  const other = streamConfig.parse({ name: 'other', schemaVersion: config.schemaVersion + 1 });
  expect(read(artifact, other)).toMatchObject({ ok: false, fault: { code: 'artifact_mismatch' } });
});
