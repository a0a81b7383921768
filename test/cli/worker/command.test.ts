import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { builtProgram } from '../../program.ts';

const BIN = await builtProgram();
const cwd = mkdtempSync(path.join(tmpdir(), 'tidewatch-'));
afterAll(() => rmSync(cwd, { recursive: true }));

/** As a user runs it, in an empty folder. */
function worker(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'worker', ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '' },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('without a database it says how to get one', () => {
  const { status, stdout, stderr } = worker();
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^error config_invalid: .*database\.url: is missing.*`npm run services` starts one here/);
});

test('two streams of one topic are refused before anything is reached', () => {
  writeFileSync(path.join(cwd, 'two.yaml'), '{"streams": [{"name": "a", "topic": "t"}, {"name": "b", "topic": "t"}]}');
  const { status, stderr } = worker('--file', 'two.yaml');
  expect(status).toBe(2);
  expect(stderr).toContain('streams a and b have the same topic t');
});
