import type { Answer } from './queries.ts';

export interface Sizes {
  features: number;
  rows: number;
  heapBytes: number;
  indexBytes: number;
}

export interface Measured {
  machine: string;
  server: string;
  rows: number;
  entities: number;
  days: number;
  incidents: number;
  writtenPerSecond: number;
  /** Of the whole fill, then of small ones with other numbers of features. */
  sizes: readonly Sizes[];
  observationBytes: number;
  console: readonly Answer[];
  dashboards: readonly Answer[];
  questions: readonly Answer[];
}

export const LIMIT_MS = 1_000;
const FLEETS = [100, 1_000, 10_000, 100_000];
const WINDOWS = [
  { name: '10 s', perDay: 8_640 },
  { name: '1 min', perDay: 1_440 },
  { name: '10 min', perDay: 144 },
];

export const bytesPerVerdict = ({ heapBytes, indexBytes, rows }: Sizes): number => (heapBytes + indexBytes) / rows;

function sized(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let n = bytes;
  let unit = 0;
  while (n >= 1_000 && unit < units.length - 1) {
    n /= 1_000;
    unit++;
  }
  return `${n >= 100 ? n.toFixed(0) : n.toPrecision(2)} ${units[unit]}`;
}

const ms = (n: number): string => (n < 10 ? n.toFixed(1) : n.toFixed(0));

function answers(list: readonly Answer[]): string[] {
  return [
    '| asked | rows or bytes | first, ms | again, ms | by |',
    '|---|---:|---:|---:|---|',
    ...list.map(({ name, rows, firstMs, ms: best, refused, by }) => {
      const how = refused.length > 0 ? `**all of ${refused.join(', ')}**` : by.join(', ');
      return `| ${name} | ${rows} | ${ms(firstMs)} | ${ms(best)} | ${how} |`;
    }),
  ];
}

/** docs/storage.md. Sizes are decimal: 1 GB is 10⁹ bytes. */
export function storagePage(m: Measured): string {
  const [whole] = m.sizes as [Sizes];
  const each = bytesPerVerdict(whole);
  const all = [...m.console, ...m.dashboards, ...m.questions];
  const slowest = all.reduce((a, b) => (b.firstMs > a.firstMs ? b : a));
  const day = ({ perDay }: { perDay: number }, entities: number) => sized(each * perDay * entities);
  return [
    '# Storage: what is measured',
    '',
    '<!-- Written by `npm run bench:grafana`; do not edit. -->',
    '',
    `${m.machine}. ${m.server}, with the settings of \`npm start\` (64 MB of shared buffers).`,
    '',
    `${m.entities} entities, ${m.days} days of ten-minute windows: ${m.rows} verdicts of ${whole.features} features, ${m.incidents} incidents, 400 days of observations. The first day was written by a worker's writer (${m.writtenPerSecond.toFixed(0)} verdicts a second on one connection, durable), the others by the server in the same order.`,
    '',
    '## Bytes',
    '',
    '| features | verdicts | table, bytes a verdict | index, bytes a verdict | together | an entity-day of ten-minute windows |',
    '|---:|---:|---:|---:|---:|---:|',
    ...m.sizes.map((s) => {
      const one = (bytes: number) => (bytes / s.rows).toFixed(0);
      return `| ${s.features} | ${s.rows} | ${one(s.heapBytes)} | ${one(s.indexBytes)} | ${bytesPerVerdict(s).toFixed(0)} | ${sized(bytesPerVerdict(s) * 144)} |`;
    }),
    '',
    `An observation of the monitor, one an hour and stream, takes ${sized(m.observationBytes)}: ${sized(m.observationBytes * 24 * 365)} a year.`,
    '',
    `A day of verdicts with ${whole.features} features; multiply by the days that are kept (\`retention.verdicts\`).`,
    '',
    `| entities | ${WINDOWS.map(({ name }) => `windows of ${name}`).join(' | ')} |`,
    `|---:|${WINDOWS.map(() => '---:|').join('')}`,
    ...FLEETS.map((entities) => `| ${entities} | ${WINDOWS.map((w) => day(w, entities)).join(' | ')} |`),
    '',
    '## Answers',
    '',
    `Of the last week, ${LIMIT_MS} ms at most. The slowest was “${slowest.name}”, ${ms(slowest.firstMs)} ms when it was asked first. *First* is with whatever the caches held; *again* the fastest of three more. *By* names the indexes that reach verdicts, incidents and the rest; in bold tables that are read from end to end.`,
    '',
    '### Pages of the console',
    '',
    ...answers(m.console),
    '',
    '### What dashboards ask of the views',
    '',
    ...answers(m.questions),
    '',
    ...(m.dashboards.length === 0 ? [] : ['### Queries of the dashboards', '', ...answers(m.dashboards), '']),
  ].join('\n');
}
