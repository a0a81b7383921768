import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { orThrow } from '../../core/errors.ts';
import { Contestant } from '../lib/contestant.ts';
import { CACHE, pythonWith, SETUP_TIMEOUT_MS } from '../lib/python.ts';
import { FIT_ROWS, WIDTH } from './data.ts';

const run = promisify(execFile);
const BENCH = resolve(import.meta.dirname, '..');
/** A reference that runs, or why it does not, in words for the report. */
export type Reference = { contestant: Contestant; note: string } | { contestant: null; note: string };

async function attempt(name: string, start: () => Promise<Reference>): Promise<Reference> {
  try {
    return await start();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    return { contestant: null, note: `${name} is absent: ${reason}` };
  }
}

/** scikit-learn ≥ 1.9 in a virtual environment of the benchmark's own, made at the first run. */
export const sklearn = (rows: string): Promise<Reference> =>
  attempt('scikit-learn', async () => {
    const python = orThrow(await pythonWith('scikit-learn>=1.9'));
    const script = join(BENCH, 'sklearn_forest.py');
    const [contestant, ready] = await Contestant.start('scikit-learn', python, [
      script,
      rows,
      `${WIDTH}`,
      `${FIT_ROWS}`,
    ]);
    return { contestant, note: `scikit-learn ${ready.version}: score_samples and fit with n_jobs=1.` };
  });

/** The same algorithm in C, compiled at every run. */
export const plainC = (forest: string, rows: string): Promise<Reference> =>
  attempt('The C kernel', async () => {
    const binary = join(CACHE, 'kernel');
    mkdirSync(dirname(binary), { recursive: true });
    await run('cc', ['-O3', '-o', binary, join(BENCH, 'kernel.c'), '-lm'], { timeout: SETUP_TIMEOUT_MS });
    const { stdout } = await run('cc', ['--version']);
    const [contestant] = await Contestant.start('C', binary, [forest, rows]);
    return { contestant, note: `C: bench/kernel.c by ${stdout.split('\n')[0]} -O3.` };
  });

/** AWS randomcutforest-core by Maven; 50 trees of 256 points, on one thread. */
export const randomCutForest = (rows: string): Promise<Reference> =>
  attempt('Random Cut Forest', async () => {
    const target = join(CACHE, 'rcf');
    if (!existsSync(join(target, 'rcf-1.jar'))) {
      const goals = ['package', 'dependency:copy-dependencies', `-DoutputDirectory=${join(target, 'lib')}`];
      await run('mvn', ['-q', '-B', '-f', join(BENCH, 'rcf', 'pom.xml'), ...goals], { timeout: SETUP_TIMEOUT_MS });
    }
    const classpath = `${join(target, 'rcf-1.jar')}:${join(target, 'lib')}/*`;
    const [contestant] = await Contestant.start('RCF', 'java', ['-cp', classpath, 'RcfBench', rows, `${WIDTH}`]);
    return {
      contestant,
      note: 'Random Cut Forest: AWS randomcutforest-core 4.3.0, 50 trees of 256 points, one thread.',
    };
  });
