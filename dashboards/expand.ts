/** What Grafana knows when it sends a query. */
export interface Filling {
  fromMs: number;
  toMs: number;
  /** Distance of points; the rate interval is four scrapes at least, as Grafana has it. */
  stepSeconds: number;
  scrapeSeconds: number;
  /** Values of variables; several for one that may have them. */
  variables: Readonly<Record<string, string | readonly string[]>>;
}

const seconds = (ms: number): number => Math.floor(ms / 1000);
const timestamp = (ms: number): string => `'${new Date(ms).toISOString()}'`;

/**
 * A query of PostgreSQL with Grafana's macros and variables filled in, as its data source does it. Throws for a macro or
 * variable that is not known: Grafana would send it as it stands, and PostgreSQL refuse it.
 */
export function expandSql(sql: string, filling: Filling): string {
  const { fromMs, toMs } = filling;
  const text = variablesIn(sql, filling)
    .replaceAll('$__timeFrom()', timestamp(fromMs))
    .replaceAll('$__timeTo()', timestamp(toMs))
    .replaceAll('$__unixEpochFrom()', String(seconds(fromMs)))
    .replaceAll('$__unixEpochTo()', String(seconds(toMs)))
    .replace(
      /\$__timeFilter\((\w+)\)/g,
      (_, column) => `${column} BETWEEN ${timestamp(fromMs)} AND ${timestamp(toMs)}`,
    );
  return complete(text);
}

/** A query of Prometheus, in the same way. Throws for a variable that is not known. */
export function expandPromql(promql: string, filling: Filling): string {
  const { fromMs, toMs, stepSeconds, scrapeSeconds } = filling;
  const rate = Math.max(stepSeconds + scrapeSeconds, 4 * scrapeSeconds);
  const text = promql
    .replaceAll('$__rate_interval', `${rate}s`)
    .replaceAll('$__interval', `${stepSeconds}s`)
    .replaceAll('$__range', `${Math.max(1, seconds(toMs - fromMs))}s`);
  return complete(
    text.replace(/\$\{?(\w+)\}?/g, (whole, name) => {
      const values = valuesOf(filling, name);
      if (values === null) return whole;
      const patterns = values.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\\\$&'));
      return patterns.length === 1 ? patterns[0]! : `(${patterns.join('|')})`;
    }),
  );
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function variablesIn(text: string, filling: Filling): string {
  return text.replace(/\$\{(\w+)(?::(\w+))?\}/g, (whole, name: string, format: string | undefined) => {
    const values = valuesOf(filling, name);
    if (values === null) return whole;
    if (format === 'sqlstring') return values.map(quoted).join(',');
    if (format === 'percentencode') return encodeURIComponent(values.join(','));
    return values.join(',');
  });
}

const valuesOf = ({ variables }: Filling, name: string): readonly string[] | null => {
  const value = Object.hasOwn(variables, name) ? variables[name]! : null;
  return typeof value === 'string' ? [value] : value;
};

function complete(text: string): string {
  const left = /\$(?:__\w+|\{[^}]*\}|[a-z]\w*)/.exec(text.replace(/'(?:[^']|'')*'/g, "''"));
  if (left !== null) throw new Error(`nothing is known of ${left[0]}`);
  return text;
}
