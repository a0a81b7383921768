/**
 * `npm test`: types, lint, tests, and a summary last, whose last line is always `N passed, N failed, N skipped`.
 * Arguments go to vitest: `npm test -- test/core` runs that folder's tests alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

if (!existsSync('node_modules')) {
  process.stdout.write('Nothing is installed yet: run `npm ci` first.\n0 passed, 1 failed, 0 skipped\n');
  process.exit(1);
}
const { register } = await import('tsx/esm/api');
register(); // the summary is TypeScript
const { summarise } = await import('./summary.ts');

/** Logs of machines are read without colours. */
const env = { ...process.env, ...(!process.stdout.isTTY && { NO_COLOR: '1' }) };

function step(name, command, args) {
  process.stdout.write(`\n── ${name}\n`);
  const startMs = performance.now();
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env });
  if (error) process.stdout.write(`${error.message}\n`);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  process.stdout.write(`   ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${seconds} s\n`);
  return { name, ok: status === 0, seconds };
}

/** The program that a package brings, run by this Node rather than by a shell, so that it works on every platform. */
function program(packageName, bin) {
  const require = createRequire(import.meta.url);
  let folder = path.dirname(require.resolve(packageName));
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return path.join(folder, bin);
}

/** Failures that are no tests. */
const STEPS = ['types', 'lint', 'chaos'];

function main() {
  const scratch = mkdtempSync(path.join(tmpdir(), 'tidewatch-tests-'));
  // whatever tests leave in the folder for temporary files goes with it
  env.TMPDIR = scratch;
  const whole = process.argv.length === 2;
  // The program is started many times by a whole run, so it is built then, by the first test that starts it.
  if (whole) env.TIDEWATCH_TEST_BUILT_DIR = path.join(scratch, 'built');
  const reportFile = path.join(scratch, 'report.json');
  const node = process.execPath;
  const ci = process.env.CI === 'true' || process.env.CI === '1';
  const steps = [
    step('types', node, [program('typescript', 'bin/tsc'), '--noEmit']),
    step('lint', node, ['node_modules/@biomejs/biome/bin/biome', 'check', '--max-diagnostics=50', '.']),
  ];
  const tests = step('tests', node, [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...process.argv.slice(2),
  ]);
  // Faults under load want the machine to themselves, so they come after the tests; by hand: npm run chaos -- --short
  if (ci && whole) steps.push(step('chaos', node, [program('tsx', 'dist/cli.mjs'), 'test/chaos/main.ts', '--short']));
  const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : null;
  rmSync(scratch, { recursive: true, force: true, maxRetries: 10 });

  const { passed, failures, skipped, reasons } = summarise(report, steps, ci);
  // An error outside of any test, or a teardown that failed, shows in the exit code alone.
  if (!tests.ok && failures.every((f) => STEPS.includes(f))) failures.push('vitest: an error outside of the tests');

  const lines = ['', '══ summary'];
  for (const { name, ok, seconds } of [...steps, tests])
    lines.push(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  for (const failure of failures) lines.push(`FAILED ${failure}`);
  if (skipped > 0) lines.push(`SKIPPED ${skipped} tests, since this machine lacks something:`);
  for (const [reason, count] of reasons) lines.push(`  ${count} × ${reason}`);
  lines.push(`${passed} passed, ${failures.length} failed, ${skipped} skipped`, '');
  process.stdout.write(lines.join('\n'));
  process.exitCode = failures.length > 0 ? 1 : 0;
}

main();
