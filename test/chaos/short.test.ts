import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import { needs } from '../needs.ts';

/** It takes three to four minutes by itself, and is not alone on the machine. */
const WITHIN_MS = 540_000;
const MAIN = path.resolve('test/chaos/main.ts');

needs('jars')('the short chaos run', () => {
  test(
    'loses, doubles and changes nothing while broker, workers, PostgreSQL and input break',
    async () => {
      const child = spawn(process.execPath, ['--import', 'tsx', MAIN, '--short'], {
        env: { ...process.env, NODE_ENV: 'production' },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: WITHIN_MS,
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (bytes: Buffer) => {
          said += bytes.toString();
        });
      const [code] = (await once(child, 'close')) as [number | null];
      expect(code, said).toBe(0);
      expect(said.match(/as undisturbed/g), said).toHaveLength(6);
    },
    WITHIN_MS,
  );
});
