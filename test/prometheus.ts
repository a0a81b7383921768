import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { startAlertmanager } from '../cli/services/alertmanager.ts';
import { type Ran, run } from '../cli/services/java.ts';
import { startPrometheus } from '../cli/services/prometheus.ts';
import { findPrograms, type Programs } from '../cli/services/prometheus-programs.ts';
import type { Server } from '../cli/services/prometheus-server.ts';
import { systemClock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import { unlessLacking } from './needs.ts';

/** Real programs of the Prometheus family: those of PATH, else Debian's, fetched by the first test that wants them. */
const found = await findAll();

type Found = { ok: true; prometheus: Programs; alertmanager: Programs } | { ok: false; reason: string };

async function findAll(): Promise<Found> {
  try {
    const [prometheus, alertmanager] = await Promise.all([
      findPrograms('prometheus', { clock: systemClock }),
      findPrograms('alertmanager', { clock: systemClock }),
    ]);
    return { ok: true, prometheus, alertmanager };
  } catch (error) {
    if (error instanceof TidewatchError) return { ok: false, reason: `no Prometheus: ${error.message}` };
    throw error;
  }
}

/** `describe` for tests that need Prometheus and Alertmanager; elsewhere skipped with the reason, never under CI=true. */
export const needsPrometheus = unlessLacking('prometheus', found.ok ? null : found.reason);

/** Inside of `needsPrometheus` only. */
export function programs(): { prometheus: Programs; alertmanager: Programs } {
  if (!found.ok) throw new Error(found.reason);
  return found;
}

const folders: string[] = [];
const servers: Server[] = [];
afterAll(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A folder that goes when the file's tests have ended. */
export function scratch(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-prometheus-'));
  folders.push(dir);
  return dir;
}

const tool = (what: 'prometheus' | 'alertmanager', args: readonly string[]): Promise<Ran> => {
  const { tool: file, root } = programs()[what];
  return run(file, args, root === null ? {} : { cwd: root });
};
export const promtool = (...args: readonly string[]): Promise<Ran> => tool('prometheus', args);
export const amtool = (...args: readonly string[]): Promise<Ran> => tool('alertmanager', args);

export interface Series {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Ascending. */
  points: readonly (readonly [atMs: number, value: number])[];
}

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

/** Gauges as promtool imports them: every metric in one piece, times in seconds. */
export function openMetrics(series: readonly Series[]): string {
  const names = [...new Set(series.map(({ name }) => name))];
  const lines = names.flatMap((name) => [
    `# TYPE ${name} gauge`,
    ...series.filter((one) => one.name === name).flatMap(samplesOf),
  ]);
  return [...lines, '# EOF', ''].join('\n');
}

function samplesOf({ name, labels, points }: Series): string[] {
  const inBraces = Object.entries(labels).map(([label, text]) => `${label}=${quoted(text)}`);
  return points.map(([atMs, value]) => `${name}{${inBraces.join(',')}} ${value} ${atMs / 1000}`);
}

/** A folder of a Prometheus that has these series, in event time. */
export async function backfilled(series: readonly Series[]): Promise<string> {
  const dir = scratch();
  const file = path.join(dir, 'series.txt');
  writeFileSync(file, openMetrics(series));
  // Blocks of two hours, as they are by default, would have it read the file once for each.
  const how = ['--max-block-duration=720h', '--quiet'];
  const ran = await promtool('tsdb', 'create-blocks-from', 'openmetrics', ...how, file, path.join(dir, 'data'));
  if (ran.code !== 0) throw new Error(`promtool: ${ran.stderr}`);
  return dir;
}

export interface PrometheusParts {
  /** Series to begin with. */
  series?: readonly Series[];
  /** Text of prometheus.yml; rule files beside it by their names. */
  config?: string;
  files?: Readonly<Record<string, string>>;
  /** null: a free one. */
  port?: number | null;
}

/** A Prometheus of this file's own, which ends with its tests. */
export async function testPrometheus({ series = [], config = '', files = {}, port = null }: PrometheusParts) {
  const dir = series.length > 0 ? await backfilled(series) : scratch();
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, name), text);
  const configFile = path.join(dir, 'prometheus.yml');
  writeFileSync(configFile, config || 'global: {}\n');
  // What is backfilled may be of any year.
  const options = { programs: programs().prometheus, dir, configFile, port, kept: '50y', clock: systemClock };
  const server = await startPrometheus(options);
  servers.push(server);
  return new TestPrometheus(server);
}

/** An Alertmanager of this file's own, which ends with its tests. */
export async function testAlertmanager(config: string, files: Readonly<Record<string, string>> = {}): Promise<Server> {
  const dir = scratch();
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, name), text);
  const configFile = path.join(dir, 'alertmanager.yml');
  writeFileSync(configFile, config);
  const options = { programs: programs().alertmanager, dir, configFile, port: null, clock: systemClock };
  const server = await startAlertmanager(options);
  servers.push(server);
  return server;
}

export interface Vector {
  labels: Readonly<Record<string, string>>;
  points: readonly (readonly [atMs: number, value: number])[];
}

interface Answer {
  status: string;
  error?: string;
  data?: unknown;
}
interface Result {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
}

export class TestPrometheus {
  readonly url: string;
  readonly server: Server;

  constructor(server: Server) {
    this.server = server;
    this.url = server.url;
  }

  /** Event time, where the series are backfilled. Throws what Prometheus says of an expression. */
  async query(expression: string, atMs: number): Promise<Vector[]> {
    return vectors(await this.ask('query', { query: expression, time: String(atMs / 1000) }));
  }

  /** Both ends included. */
  async range(expression: string, fromMs: number, toMs: number, stepMs: number): Promise<Vector[]> {
    const span = { start: String(fromMs / 1000), end: String(toMs / 1000), step: String(stepMs / 1000) };
    return vectors(await this.ask('query_range', { query: expression, ...span }));
  }

  /** What /api/v1/NAME answers: targets, rules, alerts. */
  async ask(name: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1/${name}`, {
      ...(Object.keys(parameters).length > 0 && { method: 'POST', body: new URLSearchParams(parameters) }),
    });
    const { status, error, data } = (await response.json()) as Answer;
    if (status !== 'success') throw new Error(`Prometheus: ${error} (${JSON.stringify(parameters)})`);
    return data;
  }
}

const vectors = (data: unknown): Vector[] =>
  (data as { result: Result[] }).result.map(({ metric, value, values }) => ({
    labels: metric,
    points: (values ?? [value!]).map(([seconds, text]) => [seconds * 1000, Number(text)] as const),
  }));
