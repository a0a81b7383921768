import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../../cli/services/java.ts';
import { startPrometheus } from '../../cli/services/prometheus.ts';
import { findPrograms, type Programs } from '../../cli/services/prometheus-programs.ts';
import { systemClock } from '../../core/clock.ts';
import { policyConfig } from '../../core/config/policy.ts';
import { TRIGGERS } from '../../core/trigger-table.ts';
import { compileRules } from '../../dashboards/rules/index.ts';
import { type BenchSection, median, versus, within } from '../lib/section.ts';
import { GRAIN_MS, writeSamples } from './fill.ts';

const DAY_MS = 86_400_000;
const UNTIL_MS = Date.UTC(2026, 0, 6, 12);
const IMPORT_MS = 900_000;
const ROUNDS = 3;
/** Evaluated in a round, since CPU time is told in hundredths of a second: rules of so many streams. */
const STREAMS_A_ROUND = 16;
/** Of a core, for the evaluations of a minute. */
const SHARE_OF_CORE = 0.05;
const MINUTE_MS = 60_000;

/** What the rules of triggers cost the Prometheus that evaluates them each minute: its CPU time, by its own account. */
export async function rulesBench(quick: boolean): Promise<BenchSection> {
  const sizes = quick ? [1, 4] : [1, 16, 64];
  const programs = await findPrograms('prometheus', { clock: systemClock });
  const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-bench-'));
  const names = Array.from({ length: Math.max(...sizes) }, (_, i) => `s${i}`);
  try {
    const samples = await filled(programs, dir, names);
    const configFile = path.join(dir, 'prometheus.yml');
    writeFileSync(configFile, 'global: {}\n');
    const server = await startPrometheus({ programs, dir, configFile, port: null, kept: '50y', clock: systemClock });
    try {
      const measured: Measured[] = [];
      for (const streams of sizes) {
        measured.push({ streams, ...(await inTurns(server.url, names.slice(0, streams))) });
      }
      return rulesSection(measured, samples);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Measured {
  streams: number;
  /** All rules once; and once with a look back in steps of a minute. */
  oursMs: number;
  byMinuteMs: number;
}

export function rulesSection(measured: readonly Measured[], samples: number): BenchSection {
  return {
    name: 'Alert rules',
    rows: measured.flatMap(({ streams, oursMs, byMinuteMs }, i) => {
      const what = `all rules of ${streams} ${streams === 1 ? 'stream' : 'streams'}, evaluated once, CPU, against a look back by the minute`;
      const row = versus(what, 'ms', oursMs, byMinuteMs);
      if (i < measured.length - 1) return [row];
      return [row, within('the same, of a core, each minute', '%', (100 * oursMs) / MINUTE_MS, 100 * SHARE_OF_CORE)];
    }),
    notes: [
      `${TRIGGERS.length} shipped triggers, with measured limits and a grain of an hour, on a day of series scraped every 15 s, ${samples.toLocaleString('en')} samples; CPU time of the Prometheus that is asked them, collection of garbage included; medians of ${ROUNDS} rounds that take turns.`,
    ],
  };
}

async function filled({ tool, root }: Programs, dir: string, names: readonly string[]): Promise<number> {
  const file = path.join(dir, 'series.txt');
  const samples = writeSamples(file, names, UNTIL_MS, DAY_MS);
  const args = ['tsdb', 'create-blocks-from', 'openmetrics', '--max-block-duration=720h', '--quiet', file];
  const ran = await run(tool, [...args, path.join(dir, 'data')], {
    timeoutMs: IMPORT_MS,
    ...(root === null ? {} : { cwd: root }),
  });
  rmSync(file);
  if (ran.code !== 0) throw new Error(`promtool: ${ran.stderr}`);
  return samples;
}

async function inTurns(url: string, names: readonly string[]) {
  const { limits, alertRatioBand } = policyConfig.parse({});
  const streams = names.map((name) => ({ name, triggers: TRIGGERS, limits, alertRatioBand, grainMs: GRAIN_MS }));
  const expressions = compileRules(streams).flatMap(({ kind, expr }) => (kind === 'trigger' ? [expr] : []));
  const byMinute = expressions.map((expr) => expr.replaceAll(/\[1d:\w+\]/g, '[1d:1m]'));
  const repeats = Math.ceil(STREAMS_A_ROUND / names.length);
  const times: Record<'oursMs' | 'byMinuteMs', number[]> = { oursMs: [], byMinuteMs: [] };
  // Rules are evaluated again and again: what is read for the first time is not counted.
  await ask(url, expressions);
  for (let round = 0; round < ROUNDS; round++) {
    times.oursMs.push(await cpuMsOf(url, expressions, repeats));
    times.byMinuteMs.push(await cpuMsOf(url, byMinute, repeats));
  }
  return { oursMs: median(times.oursMs), byMinuteMs: median(times.byMinuteMs) };
}

/** CPU time of these expressions, one after the other as the rules of a group are. */
async function cpuMsOf(url: string, expressions: readonly string[], repeats: number): Promise<number> {
  const before = await cpuSeconds(url);
  for (let i = 0; i < repeats; i++) await ask(url, expressions);
  return (1_000 * ((await cpuSeconds(url)) - before)) / repeats;
}

async function cpuSeconds(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = /^process_cpu_seconds_total (\S+)$/m.exec(text);
  if (found === null) throw new Error('Prometheus does not say what CPU time it took');
  return Number(found[1]);
}

async function ask(url: string, expressions: readonly string[]): Promise<void> {
  for (const query of expressions) {
    // Grains have ended, and no scrape is at this instant.
    const body = new URLSearchParams({ query, time: String((UNTIL_MS - 7_000) / 1_000) });
    const { status, error } = (await (await fetch(`${url}/api/v1/query`, { method: 'POST', body })).json()) as Answer;
    if (status !== 'success') throw new Error(`Prometheus: ${error} (${query})`);
  }
}

interface Answer {
  status: string;
  error?: string;
}
