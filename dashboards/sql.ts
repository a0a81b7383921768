/** What dashboards may read: these views, through a role that sees nothing else. */
export const VIEWS = [
  'verdicts',
  'verdict_features',
  'verdict_attributions',
  'incidents',
  'entities',
  'dead_letters',
  'partitions',
  'dispositions',
  'lost_ranges',
  'models',
  'roles',
  'decisions',
  'controllers',
  'spending',
  'observations',
  'figures',
  'drift',
  'causes',
  'data_quality',
  'labels',
  'maintenance',
] as const;
export type View = (typeof VIEWS)[number];

/** A view by its full name. */
export const view = (name: View): string => `grafana.${name}`;

/** A variable's value, in a format of Grafana's. */
export const ref = (variable: string, format?: string): string =>
  format === undefined ? `\${${variable}}` : `\${${variable}:${format}}`;

/** The time shown. By milliseconds, which the partitions and indexes are by. */
export const inTime = 'time_ms BETWEEN 1000::bigint * $__unixEpochFrom() AND 1000::bigint * $__unixEpochTo()';
/** The streams that are chosen, or the one. */
export const ofStreams = `stream IN (${ref('stream', 'sqlstring')})`;
export const oneStream = `stream = ${ref('stream', 'sqlstring')}`;
/** The one stream and entity that are chosen. */
export const ofEntity = `${oneStream} AND entity = ${ref('entity', 'sqlstring')}`;

/** A text in SQL. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A text for each of several values of a column. */
export const wordsOf = (column: string, words: Readonly<Record<string, string>>): string =>
  `CASE ${column} ${Object.entries(words)
    .map(([value, text]) => `WHEN ${literal(value)} THEN ${literal(text)}`)
    .join(' ')} ELSE ${column} END`;

/** A column's text, of so many characters at most. */
export const cut = (column: string, most: number): string =>
  `CASE WHEN length(${column}) > ${most} THEN left(${column}, ${most - 1}) || '…' ELSE ${column} END`;

const CALL_OR_LIST = /^(lateral|unnest|generate_series|values|jsonb?_\w+)$/i;

/** What a query reads that is no view of ours. */
export function strangersIn(sql: string): string[] {
  const text = sql.replace(/'(?:[^']|'')*'/g, "''").replace(/\bextract\s*\(\s*\w+\s+from\b/gi, 'extract(');
  const own = new Set([...text.matchAll(/\b(\w+)\s*(?:\([^)]*\)\s*)?AS\s+(?:MATERIALIZED\s+)?\(/gi)].map((m) => m[1]!));
  const out = new Set<string>();
  for (const [, list] of text.matchAll(/\b(?:FROM|JOIN)\s+((?:"?\w+"?\.)*"?\w+"?(?:\s*,\s*(?:"?\w+"?\.)*"?\w+"?)*)/gi))
    for (const name of list!.split(',').map((one) => one.trim()))
      if (!isView(name) && !own.has(name) && !CALL_OR_LIST.test(name)) out.add(name);
  return [...out];
}

const isView = (name: string): boolean => (VIEWS as readonly string[]).map((v) => `grafana.${v}`).includes(name);
