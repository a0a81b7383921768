import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { builtProgram } from '../program.ts';

const BIN = await builtProgram();

interface Run {
  code: number;
  out: string;
  err: string;
}

/** Runs the command as a user does, in an empty folder, with a bare environment. */
function tidewatch(args: string[], env: Record<string, string> = {}, files: Record<string, string> = {}): Promise<Run> {
  const cwd = mkdtempSync(path.join(tmpdir(), 'tidewatch-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(cwd, name), text);
  const { PATH = '' } = process.env;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [BIN, ...args], { cwd, env: { PATH, ...env } }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test('--help lists the commands and the exit codes, and exits 0', async () => {
  const { code, out } = await tidewatch(['--help']);
  expect(code).toBe(0);
  expect(out).toMatch(/Commands:\n {2}\w/);
  expect(out).toMatch(/Exit codes\n {2}0 {2}/);
});

test('a mistyped command exits 2 and names the nearest one', async () => {
  const { code, err } = await tidewatch(['docter']);
  expect(code).toBe(2);
  expect(err).toMatch(/Did you mean doctor\?/);
});

test('a broken configuration exits 2 with every problem and no stack', async () => {
  const { code, out, err } = await tidewatch(
    ['config', 'check'],
    {},
    { 'tidewatch.yaml': 'http: {prot: 1}\nlogLevel: x' },
  );
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/2 things are wrong\n {2}logLevel.*\n {2}http\.prot.*did you mean port\?/);
  expect(err).not.toMatch(/ at /);
});

test('config show prints a configuration that can be used, with origins, and masks the token', async () => {
  const files = { 'tidewatch.yaml': 'streams:\n- name: web\n', token: 'abcdefghijklmnop\n' };
  const { code, out } = await tidewatch(
    ['config', 'show'],
    { TIDEWATCH_TOKEN_FILE: 'token', TIDEWATCH_PORT: '9000' },
    files,
  );
  expect(code).toBe(0);
  expect(out).toMatch(/port: 9000 # TIDEWATCH_PORT/);
  expect(out).toMatch(/name: web # tidewatch\.yaml:2/);
  expect(out).toMatch(/token: "\*+" # file token/);
  expect(out).not.toMatch(/abcdef/);
  const again = await tidewatch(
    ['config', 'check'],
    {},
    { 'tidewatch.yaml': out.replace(/token: .*/, 'token: 0123456789abcdef') },
  );
  expect([again.code, again.err]).toEqual([0, '']);
});

test('doctor says that another program holds the port, and what to do', async () => {
  const other = createServer((_, reply) => reply.end('hello'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const port = String((other.address() as AddressInfo).port);
  try {
    const { code, out } = await tidewatch(['doctor', '--json'], { TIDEWATCH_PORT: port });
    expect(code).toBe(1);
    const results: { name: string; status: string; remedy?: string }[] = JSON.parse(out);
    expect(results.filter((r) => r.status === 'fail')).toMatchObject([
      { name: 'port', remedy: expect.stringMatching(/TIDEWATCH_PORT/) },
    ]);
  } finally {
    other.close();
  }
});

test('a reader that stops early is no error', async () => {
  const { PATH = '' } = process.env;
  const result = await new Promise<Run>((resolve) => {
    const script = `"${process.execPath}" "${BIN}" config schema | true; echo "\${PIPESTATUS[0]}"`;
    execFile('bash', ['--norc', '-c', script], { env: { PATH } }, (error, out, err) =>
      resolve({ code: error ? 1 : 0, out, err }),
    );
  });
  expect(result).toEqual({ code: 0, out: '0\n', err: '' });
});
