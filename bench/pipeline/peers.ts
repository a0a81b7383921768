import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE } from '../lib/python.ts';
import type { RunFigures } from './figures.ts';
import type { Load } from './load.ts';
import { peakRssBytes } from './proc.ts';
import { lastLine, type Site } from './site.ts';

const run = promisify(execFile);
const SETUP_TIMEOUT_MS = 600_000;
const ROUND_TIMEOUT_MS = 240_000;
const QUIX_TIMEOUT_MS = 90_000;
const PACKAGES = ['scikit-learn>=1.9', 'confluent-kafka', 'orjson', 'psycopg[binary]', 'quixstreams'];
const MODULES = ['sklearn', 'confluent_kafka', 'orjson', 'psycopg', 'quixstreams'];
const VERSIONS = `
import importlib.metadata as m, platform
print(f"Python {platform.python_version()}", *(f"{p} {m.version(p)}" for p in ("confluent-kafka","orjson","scikit-learn","psycopg","quixstreams")), sep=", ")`;

/** Programs of others that do the same work, and the Python that runs them. */
export interface Peers {
  python: string;
  pipeline: string;
  /** Absent where there is none. */
  quix: string | null;
  versions: string;
}

/** Finds the scripts and makes their virtual environment; why not, in words for the report, where it cannot be. */
export async function findPeers(dir: string | null): Promise<Peers | string> {
  if (dir === null) return 'the Python pipelines are absent: --peers names no folder';
  const [pipeline, quix] = ['python_pipeline.py', 'quix_pipeline.py'].map((name) => join(dir, name)) as [
    string,
    string,
  ];
  if (!existsSync(pipeline)) return `the Python pipelines are absent: no ${pipeline}`;
  const venv = join(CACHE, 'venv');
  const python = join(venv, 'bin', 'python');
  try {
    const usable = await run(python, ['-c', `import ${MODULES.join(', ')}`]).then(
      () => true,
      () => false,
    );
    if (!usable) {
      await run('python3', ['-m', 'venv', venv], { timeout: SETUP_TIMEOUT_MS });
      await run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES], { timeout: SETUP_TIMEOUT_MS });
    }
    const versions = (await run(python, ['-c', VERSIONS])).stdout.trim();
    return { python, pipeline, quix: existsSync(quix) ? quix : null, versions };
  } catch (cause) {
    return `the Python pipelines are absent: ${(cause as Error).message.split('\n')[0]}`;
  }
}

interface PythonAnswer {
  records: number;
  points: number;
  wall_s: number;
  cpu_s: number;
}

export async function pythonRound(peers: Peers, site: Site, load: Load): Promise<RunFigures> {
  const args = ['--broker', load.broker, '--topic', load.topic, '--records', String(load.records)];
  let rssBytes = Number.NaN;
  const watch = (pid: number): void => {
    const timer = setInterval(() => {
      try {
        rssBytes = peakRssBytes(pid) || rssBytes;
      } catch {
        clearInterval(timer); // it has ended
      }
    }, 500);
  };
  const all = [peers.pipeline, ...args, '--dsn', site.postgres.url];
  const answer = JSON.parse(await lastLine(peers.python, all, ROUND_TIMEOUT_MS, watch)) as PythonAnswer;
  await site.pool.query('DROP TABLE IF EXISTS peer_verdicts');
  return {
    recordsPerS: answer.records / answer.wall_s,
    pointsPerS: answer.points / answer.wall_s,
    cpuNsPerPoint: (answer.cpu_s * 1e9) / answer.points,
    rssBytes,
  };
}

/** Records a second of Quix Streams, by the windows that it closed; why not, where it did not. */
export async function quixRound(peers: Peers, load: Load, windows: number): Promise<number | string> {
  if (peers.quix === null) return 'quix_pipeline.py is absent';
  const args = [peers.quix, '--broker', load.broker, '--topic', load.topic, '--outputs', String(windows)];
  try {
    const { wall_s } = JSON.parse(await lastLine(peers.python, args, QUIX_TIMEOUT_MS)) as { wall_s: number };
    return (windows * 10) / wall_s;
  } catch (cause) {
    return `quix_pipeline.py did not end well: ${(cause as Error).message}`;
  }
}
