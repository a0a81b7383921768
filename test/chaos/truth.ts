import type { StreamConfig } from '../../core/config/stream.ts';
import { sha256Hex, verdictHash } from '../../core/hash.ts';
import type { ControlEntry, Incident, Verdict } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import { type Counters, type DeadLetter, type LogRecord, noOutputs, type Outputs } from '../../ingest/ports.ts';
import { isNewer } from '../../store/flush.ts';

/** What one partition comes to. */
export interface PartitionTruth {
  /** Content hashes by identity. */
  verdicts: Map<string, string>;
  /** Model of each verdict by identity, '' for the fallback. */
  models: Map<string, string>;
  incidents: Map<string, Incident>;
  letters: DeadLetter[];
  counters: Counters;
  state: Uint8Array;
  watermarkMs: number;
}

export const identityOf = (v: { entity: string; windowStartMs: number }): string => `${v.entity} ${v.windowStartMs}`;

/** A fold of the final log and its control entries that nothing disturbs. fetch: artifacts by id. */
export function undisturbed(
  stream: StreamConfig,
  partition: number,
  log: readonly LogRecord[],
  control: readonly ControlEntry[],
  models: ReadonlyMap<string, Uint8Array>,
): PartitionTruth {
  const fold = new Fold(stream, decoderFor(stream), partition);
  const out = noOutputs();
  foldAll(fold, log, control, models, out);
  const incidents = new Map<string, Incident>();
  for (const state of out.incidents) {
    const known = incidents.get(state.id);
    if (!known || isNewer(state, known)) incidents.set(state.id, state);
  }
  const by = (pick: (v: Verdict) => string) => new Map(out.verdicts.map((v) => [identityOf(v), pick(v)]));
  return {
    verdicts: by(verdictHash),
    models: by((v) => v.modelId),
    incidents,
    letters: out.deadLetters,
    counters: { ...fold.counters },
    state: fold.save(),
    watermarkMs: fold.watermarkMs,
  };
}

/** Models that an entry names and that are gone or not the ones it means; a calibration must be of one named before it. */
export function wrongModelsOf(control: readonly ControlEntry[], models: ReadonlyMap<string, Uint8Array>): string[] {
  const wrong: string[] = [];
  const named = new Set<string>();
  for (const entry of control) {
    if (entry.kind === 'calibration') {
      if (!named.has(entry.modelId) || !models.has(entry.modelId)) wrong.push(entry.modelId);
    } else if (entry.kind === 'model' || (entry.kind === 'challenger' && entry.modelId !== '')) {
      named.add(entry.modelId);
      if (sha256Hex(models.get(entry.modelId) ?? new Uint8Array(0)) !== entry.sha256) wrong.push(entry.modelId);
    }
  }
  return wrong;
}

/** A saved state as PostgreSQL has it. */
export interface SavedState {
  offsetNext: number;
  controlSequence: number;
  state: Uint8Array;
}

/** State that a fold comes to which goes on from a saved one; null when it cannot be restored. */
export function resumed(
  stream: StreamConfig,
  partition: number,
  saved: SavedState,
  log: readonly LogRecord[],
  control: readonly ControlEntry[],
  models: ReadonlyMap<string, Uint8Array>,
): Uint8Array | null {
  const modelId = Fold.modelOf(saved.state);
  if (!modelId.ok) return null;
  const challengerId = Fold.challengerOf(saved.state);
  const challenger = challengerId.ok ? models.get(challengerId.value) : undefined;
  const model = models.get(modelId.value);
  const restored = Fold.restore(stream, decoderFor(stream), saved.state, model, partition, challenger);
  if (!restored.ok) return null;
  const records = log.filter(({ offset }) => offset >= saved.offsetNext);
  const entries = control.filter(({ sequence }) => sequence > saved.controlSequence);
  foldAll(restored.value, records, entries, models, noOutputs());
  return restored.value.save();
}

/** Records and control entries in their order. */
function foldAll(
  fold: Fold,
  log: readonly LogRecord[],
  control: readonly ControlEntry[],
  models: ReadonlyMap<string, Uint8Array>,
  out: Outputs,
): void {
  let at = 0;
  const controlsUpTo = (offset: number) => {
    for (let entry = control[at]; entry && entry.offset <= offset; entry = control[++at])
      fold.control(entry, out, 'modelId' in entry ? models.get(entry.modelId) : undefined);
  };
  for (const record of log) {
    controlsUpTo(record.offset);
    fold.record(record, out);
  }
  controlsUpTo(Number.POSITIVE_INFINITY);
}
