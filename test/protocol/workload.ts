import { sha256Hex } from '../../core/hash.ts';
import type { Random } from '../../core/random.ts';
import type { ControlChange, Sample } from '../../core/types.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { makeModel, testConfig } from '../detector/make.ts';

export const config = testConfig({ missing: { absenceWindows: 3 } });
const ENTITIES = ['a', 'b', 'c'];
/** By id. Two models that judge alike windows differently. */
export const models = new Map(
  [1, 2].map((seed) => {
    const artifact = makeModel(config, ENTITIES, 3, seed);
    return [modelIdOf(artifact), artifact] as const;
  }),
);

const encode = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

/** A record as telemetry sends them: several points, now and then a repeat, a late or future one, or rubbish. */
export function anyRecord(random: Random, nowMs: number, earlier: readonly { value: Uint8Array }[]): Uint8Array {
  const kind = random.next();
  if (kind < 0.04) return encode('broken');
  if (kind < 0.1 && earlier.length > 0) return earlier[random.below(earlier.length)]!.value;
  const samples: Sample[] = [];
  for (let i = 1 + random.below(3); i > 0; i--) {
    const shiftMs = random.next() < 0.06 ? random.below(120_000) - 50_000 : -random.below(1500);
    const names = ['m0', 'm1', 'm2'].slice(0, 1 + random.below(3));
    const e = random.below(ENTITIES.length);
    const values = names.map((_, m) => (e + 1) * 100 + (m + 1) * random.normal() * (random.next() < 0.1 ? 30 : 1));
    samples.push({ entity: ENTITIES[e]!, timeMs: nowMs + shiftMs, names, values });
  }
  return encode(samples);
}

export function pointsOf(value: Uint8Array): number {
  const text = new TextDecoder().decode(value);
  return text.startsWith('[') ? (JSON.parse(text) as Sample[]).reduce((n, s) => n + s.names.length, 0) : 1;
}

/** What an operator or a trainer might put in force. */
export function anyChange(random: Random): ControlChange {
  const [modelId, artifact] = [...models][random.below(models.size)]!;
  switch (random.below(7)) {
    case 0:
      return { kind: 'mode', mode: (['forest', 'fallback', 'disabled'] as const)[random.below(3)]!, reason: 'test' };
    case 1:
      return { kind: 'calibration', modelId, version: random.below(100), alertRate: 0.001 + 0.1 * random.next() };
    case 2:
      return { kind: 'challenger', modelId, sha256: sha256Hex(artifact), share: random.next() };
    case 3:
      return { kind: 'challenger', modelId: '', sha256: '', share: 0 };
    default:
      return { kind: 'model', modelId, sha256: sha256Hex(artifact) };
  }
}
