/** One figure of a benchmark beside what it is held against. */
export interface BenchRow {
  what: string;
  ours: number;
  /** The same figure of the reference in the same run; null when there is none or it is absent. */
  reference: number | null;
  /** How many times ours is better than the reference; null without one. */
  ratio: number | null;
  unit: string;
  /** The goal in words, such as `≥ 2 ×`; empty when the figure is only told. */
  goal: string;
  /** Null when there is no goal, or its reference is absent. */
  met: boolean | null;
}

export interface BenchSection {
  name: string;
  rows: BenchRow[];
  /** References that are absent and why, versions of those that are there, how it was measured. */
  notes: string[];
}

/** A row whose goal is that ours is at least so many times better (less) than the reference. */
export function versus(what: string, unit: string, ours: number, reference: number | null, atLeast?: number): BenchRow {
  const ratio = reference === null ? null : reference / ours;
  return {
    what,
    ours,
    reference,
    ratio,
    unit,
    goal: atLeast === undefined ? '' : goalOf(atLeast),
    met: ratio === null || atLeast === undefined ? null : ratio >= atLeast,
  };
}

/** Better by a factor, or at most so much worse. */
const goalOf = (atLeast: number): string =>
  atLeast >= 1 ? `≥ ${atLeast} × as fast` : `≤ ${(1 / atLeast).toFixed(1)} × its time`;

/** A row whose goal is a limit of its own. */
export function within(what: string, unit: string, ours: number, atMost: number): BenchRow {
  return { what, ours, reference: null, ratio: null, unit, goal: `≤ ${atMost} ${unit}`, met: ours <= atMost };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** A section as a Markdown table with its notes. */
export function markdown(section: BenchSection): string {
  const cell = (value: number | null): string => (value === null ? '–' : Number(value.toPrecision(3)).toString());
  const met = (row: BenchRow): string => (row.met === null ? '' : row.met ? 'yes' : '**no**');
  return [
    `## ${section.name}`,
    '',
    '| what | ours | reference | ratio | unit | goal | met |',
    '|---|---|---|---|---|---|---|',
    ...section.rows.map(
      (row) =>
        `| ${row.what} | ${cell(row.ours)} | ${cell(row.reference)} | ${cell(row.ratio)} | ${row.unit} | ${row.goal} | ${met(row)} |`,
    ),
    '',
    ...section.notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}
