import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { examine } from '../../cli/commands/doctor.ts';
import { CHECKS } from '../../cli/doctor/checks.ts';
import { parseConfig } from '../../core/config/parse.ts';
import { orThrow } from '../../core/errors.ts';

const check = async (name: string, object: object = {}, nowMs = Date.now()) => {
  const { config } = orThrow(parseConfig({ object }));
  const [result] = await examine(
    CHECKS.filter((c) => c.name === name),
    { config, nowMs },
  );
  return result!;
};

test('a data directory that is a file fails', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'tidewatch-')), 'data');
  writeFileSync(file, '');
  expect(await check('data directory', { dataDir: file })).toMatchObject({
    status: 'fail',
    remedy: expect.stringMatching(/dataDir/),
  });
  expect(await check('data directory', { dataDir: `${file}-new` })).toMatchObject({ status: 'ok' });
});

test('a log that does not fit on the disk is told', async () => {
  expect(await check('disk space', { log: { maxBytes: '1TiB' } })).toMatchObject({
    remedy: expect.stringMatching(/log\.maxBytes/),
  });
});

test('a clock before the installation fails', async () => {
  expect(await check('clock', {}, Date.UTC(2001, 0))).toMatchObject({
    status: 'fail',
    remedy: expect.stringMatching(/NTP/),
  });
  expect((await check('clock')).status).toBe('ok');
});

test('an address that is not of this machine fails', async () => {
  const result = await check('port', { http: { host: '192.0.2.1', token: 'x'.repeat(16) } });
  expect(result).toMatchObject({ status: 'fail', remedy: expect.stringMatching(/http\.host/) });
});

test('a check that throws has failed, and the others are still told', async () => {
  const { config } = orThrow(parseConfig());
  const thrower = {
    name: 'odd',
    run: () => {
      throw new Error('broken');
    },
  };
  const clock = CHECKS.find((c) => c.name === 'clock')!;
  const results = await examine([thrower, clock], { config, nowMs: Date.now() });
  expect(results.map((r) => r.status)).toEqual(['fail', 'ok']);
  expect(results[0]!.found).toMatch(/broken/);
});
