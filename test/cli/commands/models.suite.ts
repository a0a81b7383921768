import { describe, expect, test } from 'vitest';
import { sha256Hex } from '../../../core/hash.ts';
import { modelIdOf } from '../../../detector/offline.ts';
import type { RegisteredModel } from '../../../monitor/controller/ports.ts';
import { makeModel, testConfig } from '../../detector/make.ts';
import { STREAM } from '../monitor/site.ts';
import type { OperatorSite } from './site.ts';

/** `tidewatch models`, after a candidate was trained. */
export function modelCommands({ stores, stream, state, said, asked, url }: OperatorSite): void {
  describe('models', () => {
    const candidate = async () => (await stores.registry.list()).find(({ id }) => id !== stream.modelId)!.id;

    test('list and show say what there is and where it comes from', async () => {
      const models = await asked<RegisteredModel[]>('models', 'list', STREAM.name);
      expect(models.map(({ id }) => id)).toEqual([await candidate(), stream.modelId]);
      expect((await said('models', 'list')).out).toMatch(new RegExp(`${stream.modelId} {2}shop .* champion`));
      const { out } = await said('models', 'show', await candidate());
      expect(out).toMatch(/trained on \d+ windows of 8 entities/);
      expect(out).toMatch(/quality {4}[01]\.\d+ against [01]\.\d+ of the champion, by injected/);
    });

    test('promote puts a model in force and revert brings the former one back; only roles change', async () => {
      const id = await candidate();
      expect((await said('models', 'promote', id, '--note', 'by hand')).out).toContain('promote, done');
      expect(await state()).toMatchObject({
        serving: { champion: { modelId: id } },
        lastGood: { modelId: stream.modelId },
      });
      expect((await said('models', 'promote', id)).out).toContain('It is the champion already');
      expect((await said('models', 'list')).out).toMatch(new RegExp(`${stream.modelId} .* last good`));
      expect((await said('models', 'revert', STREAM.name)).out).toContain('roll back, done');
      expect(await state()).toMatchObject({ serving: { champion: { modelId: stream.modelId } }, lastGood: null });
      expect(await said('models', 'revert', STREAM.name)).toMatchObject({ code: 1 });
      expect(await asked<RegisteredModel[]>('models', 'list')).toHaveLength(2);
    });

    test('keep marks a model, and no longer does', async () => {
      const id = await candidate();
      expect((await said('models', 'keep', id)).out).toBe(`${id} is kept.\n`);
      expect((await said('models', 'show', id)).out).toContain('kept');
      expect((await said('models', 'keep', id, '--no-keep')).code).toBe(0);
      expect((await said('models', 'show', id)).out).not.toContain('kept');
    });

    test.each([
      ['models', 'promote', 'no-such-model'],
      ['models', 'show', 'no-such-model'],
      ['models', 'keep', 'no-such-model'],
      ['monitor', 'approve', 'no-such-model'],
    ])('%s %s of a model that is not there names those that are', async (...args) => {
      const { code, error } = await said(...args);
      expect(code).toBe(2);
      expect(error).toContain('no-such-model');
      expect(error).toContain(stream.modelId);
    });

    test('an artifact that cannot serve is refused with the check that failed, and the champion stays', async () => {
      const before = await state();
      const good = (await stores.registry.get(stream.modelId))!;
      const foreign = makeModel(testConfig({ schemaVersion: 2 }), ['web-1', 'web-2'], 2);
      const wrong: [artifact: Uint8Array, code: string, why: RegExp][] = [
        [
          good.map((byte, i) => (i === good.length >> 1 ? byte ^ 1 : byte)),
          'artifact_corrupt',
          /SHA-256 is .*, the artifact says/,
        ],
        [good.slice(0, -9), 'artifact_corrupt', /SHA-256 is/],
        [Buffer.from('no model at all'), 'artifact_corrupt', /Magic is/],
        [foreign, 'artifact_mismatch', /feature schema/],
      ];
      for (const [bytes, code, why] of wrong) {
        const artifact = Uint8Array.from(bytes);
        const model = { modelId: modelIdOf(artifact), sha256: sha256Hex(artifact) };
        await stores.models.put(model.modelId, STREAM.name, artifact, {});
        const told = await said('models', 'promote', model.modelId);
        expect([told.code, told.error]).toEqual([2, expect.stringMatching(why)]);
        expect(told.error).toContain(`error ${code}`);
        const body = JSON.stringify({ command: { kind: 'promote', model }, note: '' });
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${url}/api/control/${STREAM.name}`, { method: 'POST', headers, body });
        expect([answer.status, await answer.json()]).toEqual([422, expect.objectContaining({ code })]);
      }
      expect(await state()).toEqual(before);
      expect(await stores.models.champion(STREAM.name)).toEqual(before.serving.champion);
    });
  });
}
