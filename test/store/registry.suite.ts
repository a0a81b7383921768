import { describe, expect, it } from 'vitest';
import type { ManualClock } from '../../core/clock.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { Registry } from '../../monitor/controller/ports.ts';
import { MAX_ARTIFACT_BYTES } from '../../monitor/registry.ts';
import { evaluationOf, lineage } from './monitor-make.ts';

export interface RegistryUnderTest {
  registry: Registry;
  clock: ManualClock;
  setRole(stream: string, role: 'champion' | 'challenger' | 'last_good', modelId: string): Promise<void>;
}

/** What every Registry must do, whatever keeps it. */
export function registrySuite(name: string, make: () => Promise<RegistryUnderTest>): void {
  const bytes = Uint8Array.of(1, 0, 255);

  describe(`${name} as a Registry`, () => {
    it('keeps a model with where it comes from, under its id, once', async () => {
      const { registry } = await make();
      const ref = { modelId: 'm', sha256: sha256Hex(bytes) };
      expect(await registry.put('hosts', 'm', bytes, lineage)).toEqual(ref);
      expect(await registry.put('hosts', 'm', bytes, { ...lineage, seed: 8 })).toEqual(ref);
      expect(await registry.get('m')).toEqual(bytes);
      expect(await registry.get('none')).toBeNull();
      expect(await registry.list('hosts')).toEqual([
        {
          id: 'm',
          stream: 'hosts',
          sha256: ref.sha256,
          sizeBytes: 3,
          lineage,
          evaluation: null,
          keep: false,
          createdMs: 1_000,
          roles: [],
        },
      ]);
      expect(await registry.list('other')).toEqual([]);
    });

    it('refuses other bytes under an id, and an artifact over the limit', async () => {
      const { registry } = await make();
      await registry.put('hosts', 'm', bytes, lineage);
      const other = registry.put('hosts', 'm', Uint8Array.of(9), lineage);
      await expect(other).rejects.toMatchObject({ code: 'artifact_mismatch' });
      const large = registry.put('hosts', 'l', new Uint8Array(MAX_ARTIFACT_BYTES + 1), lineage);
      await expect(large).rejects.toMatchObject({ code: 'artifact_too_large' });
      expect(await registry.list()).toHaveLength(1);
    });

    it('notes an evaluation and the wish to keep, of a model that it has', async () => {
      const { registry } = await make();
      const evaluation = evaluationOf(await registry.put('hosts', 'm', bytes, lineage));
      await registry.evaluated('m', evaluation);
      await registry.keep('m', true);
      expect((await registry.list())[0]).toMatchObject({ evaluation, keep: true });
      await registry.keep('m', false);
      expect((await registry.list())[0]).toMatchObject({ evaluation, keep: false });
      await expect(registry.keep('none', true)).rejects.toMatchObject({ code: 'not_found' });
      await expect(registry.evaluated('none', evaluation)).rejects.toMatchObject({ code: 'not_found' });
    });

    it('prunes what is old, has no role and is not to be kept, of one stream', async () => {
      const { registry, clock, setRole } = await make();
      for (const id of ['champion', 'good', 'kept', 'old', 'older', 'new', 'newest']) {
        await registry.put('hosts', id, bytes, lineage);
        clock.advance(1);
      }
      await registry.put('other', 'theirs', bytes, lineage);
      await setRole('hosts', 'champion', 'champion');
      await setRole('hosts', 'last_good', 'good');
      await registry.keep('kept', true);
      expect(await registry.prune('hosts', 2)).toEqual(['old', 'older']);
      expect(await registry.prune('hosts', 2)).toEqual([]);
      const left = (await registry.list()).map((model) => model.id);
      expect(left).toEqual(['theirs', 'newest', 'new', 'kept', 'good', 'champion']);
      for (const most of [0, -1, 1.5, Number.NaN])
        await expect(registry.prune('hosts', most)).rejects.toMatchObject({ code: 'request_invalid' });
    });
  });
}
