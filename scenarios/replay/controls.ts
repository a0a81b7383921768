import { TidewatchError } from '../../core/errors.ts';
import type { ControlEntry } from '../../core/types.ts';

/**
 * A part of a model's artifact, as a control entry of a recording. The parts of a model follow each other right before
 * the entry that names it. docs/decisions/0014-recordings-of-topics.md has the reasons.
 */
export interface ArtifactPart {
  kind: 'artifact';
  modelId: string;
  /** From 0. */
  part: number;
  parts: number;
  base64: string;
}

/** A part in base64 is within the limit of an entry. */
const PART_BYTES = 2 << 20;
/** More than the largest artifact has. */
const MAX_PARTS = 16;
const KINDS = ['model', 'challenger', 'calibration', 'mode', 'watermark', 'artifact'];

export function artifactParts(modelId: string, artifact: Uint8Array): ArtifactPart[] {
  const parts = Math.max(1, Math.ceil(artifact.length / PART_BYTES));
  return Array.from({ length: parts }, (_, part) => {
    const bytes = artifact.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
    return { kind: 'artifact', modelId, part, parts, base64 };
  });
}

/** A control entry of a recording. Throws recording_corrupt. */
export function parseControl(json: string): ControlEntry | ArtifactPart {
  let entry: ControlEntry | ArtifactPart | null;
  try {
    entry = JSON.parse(json) as ControlEntry | ArtifactPart | null;
  } catch (cause) {
    throw new TidewatchError('recording_corrupt', 'a control entry is not JSON', { cause });
  }
  if (entry === null || !KINDS.includes(entry.kind))
    throw new TidewatchError('recording_corrupt', `control entry of kind ${JSON.stringify(entry?.kind)}`);
  return entry;
}

/** Puts together the artifact that came last; one at a time bounds the memory. */
export class RecordedModel {
  #modelId = '';
  #parts: Buffer[] = [];
  #wanted = 0;

  /** Throws recording_corrupt when a part is missing or there are too many. */
  take({ modelId, part, parts, base64 }: ArtifactPart): void {
    if (part === 0) {
      this.#modelId = modelId;
      this.#parts = [];
      this.#wanted = parts;
    }
    const follows = modelId === this.#modelId && part === this.#parts.length && part < parts && parts === this.#wanted;
    if (!follows || parts > MAX_PARTS || typeof base64 !== 'string')
      throw new TidewatchError('recording_corrupt', `part ${part} of ${parts} of model ${modelId} is out of place`);
    this.#parts.push(Buffer.from(base64, 'base64'));
  }

  readonly get = async (modelId: string): Promise<Uint8Array | null> =>
    modelId === this.#modelId && this.#wanted > 0 && this.#parts.length === this.#wanted
      ? Buffer.concat(this.#parts)
      : null;
}
