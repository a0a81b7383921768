import { verdictHash, verdictId } from '../../core/hash.ts';
import type { ControlEntry, Incident } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import type { LogRecord } from '../../ingest/ports.ts';
import { isNewer } from '../../store/flush.ts';
import type { MemoryTables } from '../../store/memory.ts';
import { decoder, newOutputs } from '../detector/make.ts';
import type { History } from './sim-store.ts';
import { config, models, pointsOf } from './workload.ts';

/** When a verdict came about: after the record or the control entry of that number. */
type Cause = { record: number } | { control: number };

/** What one worker that never fails makes of the log and its control entries. */
function undisturbed(log: readonly LogRecord[], control: readonly ControlEntry[]) {
  const fold = new Fold(config, decoder);
  const out = newOutputs();
  const verdicts = new Map<string, { hash: string; cause: Cause }>();
  const note = (cause: Cause) => {
    for (const verdict of out.verdicts.splice(0))
      verdicts.set(verdictId(verdict), { hash: verdictHash(verdict), cause });
  };
  let at = 0;
  for (let offset = 0; offset <= log.length; offset++) {
    for (let entry = control[at]; entry && entry.offset <= offset; entry = control[++at]) {
      fold.control(entry, out, 'modelId' in entry ? models.get(entry.modelId) : undefined);
      note({ control: entry.sequence });
    }
    const record = log[offset];
    if (record === undefined) continue;
    fold.record(record, out);
    note({ record: offset });
  }
  const incidents = new Map<string, Incident>();
  for (const state of out.incidents) {
    const known = incidents.get(state.id);
    if (!known || isNewer(state, known)) incidents.set(state.id, state);
  }
  return { fold, verdicts, incidents, letters: out.deadLetters, folded: at };
}

/** Codes of the invariants that do not hold, sorted. */
export function check(log: readonly LogRecord[], tables: MemoryTables, history: History): string[] {
  const found = new Set(history.violations);
  const row = tables.partitions.get(0)!;
  const control = row.control.filter((entry) => entry !== undefined);
  if (control.length !== row.control.length) found.add('control_gap');
  const truth = undisturbed(log, control);
  if (truth.folded !== control.length) found.add('control_beyond_log');

  for (const [id, verdict] of tables.verdicts) {
    const expected = truth.verdicts.get(id);
    if (expected === undefined) found.add('verdict_extra');
    else if (expected.hash !== verdictHash(verdict)) found.add('verdict_wrong');
  }
  for (const id of truth.verdicts.keys()) if (!tables.verdicts.has(id)) found.add('verdict_missing');
  if (history.divergent > 0) found.add('verdict_divergent');
  if (text([...tables.incidents.values()]) !== text([...truth.incidents.values()])) found.add('incidents_differ');
  const letters = (list: Iterable<{ offset: number; point: number }>) =>
    [...list].map(({ offset, point }) => `${offset}:${point}`).sort();
  if (text(letters(tables.deadLetters.values())) !== text(letters(truth.letters))) found.add('dead_letters_differ');

  const newest = row.generations[0]?.checkpoint;
  const points = log.reduce((n, record) => n + pointsOf(record.value), 0);
  if (newest === undefined) found.add('undrained');
  else {
    const { applied, late, duplicate, dead_lettered, filtered } = newest.counters;
    if (applied + late + duplicate + dead_lettered + filtered !== points) found.add('accounting');
    if (Buffer.compare(newest.state, truth.fold.save()) !== 0) found.add('state_differs');
  }
  for (const violation of ordered(history)) found.add(violation);
  if (!durableInTime(tables, history, truth.verdicts)) found.add('covered_before_durable');
  return [...found].sort();
}

const text = (values: { id?: string }[] | string[]): string =>
  JSON.stringify(values.map((v) => (typeof v === 'string' ? v : JSON.stringify(v))).sort());

/** Epochs rise, only the newest one writes, offsets and watermarks never go back. */
function* ordered({ epochs, commits }: History): Iterable<string> {
  if (new Set(epochs).size !== epochs.length) yield 'epoch_twice';
  for (const [i, commit] of commits.entries()) {
    if (commit.epoch !== commit.newestEpoch) yield 'epoch_stale';
    const before = commits[i - 1];
    if (before === undefined) continue;
    if (commit.offsetNext < before.offsetNext) yield 'offset_back';
    if (commit.watermarkMs < before.watermarkMs) yield 'watermark_back';
  }
}

/** Every verdict was stored when the first checkpoint was written that its cause will not be repeated after. */
function durableInTime(
  tables: MemoryTables,
  { commits }: History,
  verdicts: ReadonlyMap<string, { cause: Cause }>,
): boolean {
  const stored = new Map([...tables.verdicts.keys()].map((id, i) => [id, i]));
  for (const [id, { cause }] of verdicts) {
    const first = commits.find((c) =>
      'record' in cause ? c.offsetNext > cause.record : c.controlSequence >= cause.control,
    );
    if (first !== undefined && !((stored.get(id) ?? Number.POSITIVE_INFINITY) < first.verdicts)) return false;
  }
  return true;
}
