import { Random } from '../../core/random.ts';
import { CAUSES, type CauseKind } from '../../core/triggers.ts';
import { observe } from '../../monitor/figures/observe.ts';
import { RECORDED_SETS, RecordedFleet, type RecordedSet, readDays } from '../../scenarios/monitor/recorded.ts';
import type { Pack } from '../../scenarios/quality/pack.ts';
import type { Magnitudes } from './draws.ts';
import { type FleetModel, shiftedInput, trainFleet } from './shift-run.ts';
import { MEASURED, SHIFTS } from './shifts.ts';

/** What a classification is worth: the answer beside the truth. */
export interface Judged {
  fleet: string;
  shift: string;
  label: string;
  seed: number;
  truth: CauseKind;
  said: CauseKind;
  summary: string;
  evidence: Readonly<Record<string, number>>;
  /** Of a shift of values: whether any feature is beyond its limit. What changes no value is always taken for seen. */
  seen: boolean;
}

/** What shows in the values alone. */
const OF_VALUES: readonly CauseKind[] = ['unit_change', 'fault_storm', 'season', 'gradual_drift', 'sudden_drift'];

/** Every kind of shift on seeds of a fleet. */
export function* judgeAll(model: FleetModel, seeds: readonly number[], m: Magnitudes, only = ''): Generator<Judged> {
  for (const [name, make] of Object.entries(SHIFTS)) {
    if (!name.includes(only)) continue;
    for (const seed of seeds) {
      const { shift, input } = shiftedInput(model, seed, (site) => make(m)(new Random(seed).fork(name), site));
      const { cause, features } = observe(input);
      const beyond = features.some(({ status }) => status === 'drift');
      yield {
        ...{ fleet: model.name, shift: name, label: shift.label, seed },
        ...{ truth: shift.kind, said: cause.kind, summary: cause.summary, evidence: cause.evidence },
        // None is said of it and no feature is beyond its limit: no rule, trigger or person has anything to go by.
        seen: beyond || cause.kind !== 'none' || !OF_VALUES.includes(shift.kind),
      };
    }
  }
}

const PRODUCER: readonly CauseKind[] = ['schema_change', 'unit_change'];
const GENUINE: readonly CauseKind[] = ['gradual_drift', 'sudden_drift'];

export interface CauseScore {
  right: number;
  total: number;
  producerCalledGenuine: number;
  /** Shifts of values that no limit shows; they count as wrong. */
  notSeen: number;
}

export const score = (judged: readonly Judged[]): CauseScore => ({
  right: judged.filter((one) => one.truth === one.said).length,
  total: judged.length,
  producerCalledGenuine: judged.filter((one) => PRODUCER.includes(one.truth) && GENUINE.includes(one.said)).length,
  notSeen: judged.filter((one) => !one.seen).length,
});

export interface CauseOptions {
  sets?: readonly RecordedSet[];
  /** Stretches of each set that the rules were not written against. */
  seeds?: readonly number[];
}

/** Stretches 21 to 26 and 51 to 54 of the sets have been looked at while the rules were written, these have not. */
const MEASURED_SEEDS = [61, 62, 63, 64, 65, 66];

/** Every kind of shift laid over real telemetry, and what the classifier said, as a section of docs/drift.md. */
export async function causeSection(
  pack: Pack,
  options: CauseOptions = {},
  onProgress: (done: number, of: number, note: string) => void = () => undefined,
): Promise<{ markdown: string } & CauseScore> {
  const sets = options.sets ?? (Object.keys(RECORDED_SETS) as RecordedSet[]);
  const seeds = options.seeds ?? MEASURED_SEEDS;
  const of = sets.length * seeds.length * Object.keys(SHIFTS).length;
  const judged: Judged[] = [];
  for (const set of sets) {
    const days = await readDays(pack, set);
    const model = trainFleet(set, (seed) => new RecordedFleet(days, seed), days.days);
    for (const one of judgeAll(model, seeds, MEASURED)) {
      judged.push(one);
      onProgress(judged.length, of, `${set}: ${one.label}`);
    }
  }
  return { markdown: causePage(judged, sets, seeds), ...score(judged) };
}

function causePage(judged: readonly Judged[], sets: readonly string[], seeds: readonly number[]): string {
  const { right, total, producerCalledGenuine, notSeen } = score(judged);
  const rightOfSeen = judged.filter((one) => one.seen && one.truth === one.said).length;
  const percent = (n: number, of: number) => `${((100 * n) / Math.max(1, of)).toFixed(1)} %`;
  const said = CAUSES.filter((kind) => judged.some((one) => one.said === kind || one.truth === kind));
  const truths = CAUSES.filter((kind) => judged.some((one) => one.truth === kind));
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const bySet = sets.map((set) => {
    const own = score(judged.filter((one) => one.fleet === set));
    return `${set} ${own.right} of ${own.total}, not seen ${own.notSeen}`;
  });
  const wrong = judged.filter((one) => one.truth !== one.said);
  return [
    '## Causes',
    '',
    `${Object.keys(SHIFTS).length} kinds of shift were laid over real telemetry (${sets.join(', ')}; stretches ${seeds.join(', ')} of each), at`,
    'onsets, magnitudes, metrics and entities that a seed draws, and the interval of six hours they fall in, or one of the',
    'four after it, was classified. A change that takes longer than one interval is gradual, what is over within one is',
    'sudden. The rules were written against the simulated fleet and other stretches of these sets, never these.',
    '',
    `Right: **${right} of ${total}** (${percent(right, total)}; ${bySet.join('; ')}).`,
    `Not seen: **${notSeen}** (${percent(notSeen, total)}): shifts of values that leave every feature within its limit and have the`,
    'cause `none`, so that nothing acts on them; they count as wrong above. Right of those seen: ' +
      `**${rightOfSeen} of ${total - notSeen}** (${percent(rightOfSeen, total - notSeen)}).`,
    `A change of schema or unit called genuine: **${producerCalledGenuine}**.`,
    '',
    line(['what it was \\ what was said', ...said]),
    line(['---', ...said.map(() => '---:')]),
    ...truths.map((truth) =>
      line([
        truth,
        ...said.map((kind) => {
          const n = judged.filter((one) => one.truth === truth && one.said === kind).length;
          return n === 0 ? '' : kind === truth ? `**${n}**` : n;
        }),
      ]),
    ),
    '',
    ...(wrong.length === 0 ? [] : ['What was told wrong:', '']),
    ...wrong.map(
      (one) =>
        `- ${one.fleet} ${one.seed}, ${one.label}: ${one.seen ? `said ${one.said}` : 'not seen'}. “${one.summary}”`,
    ),
    '',
  ].join('\n');
}
