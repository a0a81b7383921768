import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { builtProgram } from '../../program.ts';

const BIN = await builtProgram();
const cwd = mkdtempSync(path.join(tmpdir(), 'tidewatch-'));
afterAll(() => rmSync(cwd, { recursive: true }));

/** As a user runs it, in an empty folder, on a machine without any program on its PATH. */
function services(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const env = { PATH: path.join(cwd, 'nothing') };
    const child = execFile(process.execPath, [BIN, 'services', ...args], { cwd, env }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test('without Java it ends with what is missing, before anything else was started or written', async () => {
  const { code, out, err } = await services();
  expect(err).toMatch(/^error program_missing: .*java; Kafka needs Java 17 or newer/);
  expect([code, out]).toEqual([3, '']);
  expect(existsSync(path.join(cwd, 'tidewatch.yaml'))).toBe(false);
  expect(existsSync(path.join(cwd, '.tidewatch/services/postgres'))).toBe(false);
  // A limit on programs that outlived the one that is missing once kept the command for 20 s.
}, 15_000);

test.each([
  ['--kafka-port', '70000', /A whole number from 1 to \d+ is wanted/],
  ['--partitions', 'many', /A whole number from 1 to \d+ is wanted/],
  ['--with', 'prometheus,grafana', /prometheus and alertmanager are there to run beside; grafana is not/],
])('%s %s is refused with what is wanted', async (option, value, wanted) => {
  const { code, err } = await services(option, value);
  expect(code).toBe(2);
  expect(err).toMatch(wanted);
});
