/** One step of a plan, as EXPLAIN (FORMAT JSON) has it. */
interface Step {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: Step[];
}

/** Tables that grow with the fleet; whoever reads one of these from end to end is slow some day. */
const GROWING = /^(verdicts_|incidents$|observations$)/;
const MAX_NAMES = 4;

/** A row of EXPLAIN (FORMAT JSON): which growing tables it reads whole, and by what it reaches them otherwise. */
export function refusedScans(row: Record<string, unknown>): { refused: string[]; by: string[] } {
  const refused = new Set<string>();
  const by = new Set<string>();
  const visit = (step: Step): void => {
    const table = step['Relation Name'];
    const index = step['Index Name'];
    if (step['Node Type'].endsWith('Seq Scan') && table !== undefined && GROWING.test(table)) refused.add(plain(table));
    if (index !== undefined) by.add(plain(index));
    for (const child of step.Plans ?? []) visit(child);
  };
  visit((row['QUERY PLAN'] as [{ Plan: Step }])[0].Plan);
  return { refused: [...refused], by: [...by].slice(0, MAX_NAMES) };
}

/** Without the hash and day of a partition: what is the same for all of them. */
const plain = (name: string): string =>
  name
    .replace(/^verdicts_[0-9a-f]{16}(_m?\d+)?/, 'verdicts')
    .replace('verdicts_window_start_ms_idx', 'verdicts_anomalous');
