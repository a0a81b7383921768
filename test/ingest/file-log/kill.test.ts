import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { readAll, textOf } from '../../log.suite.ts';
import { newDir, openLog } from './files.ts';

/** Appends until so many records are acknowledged, then kill -9; what was acknowledged, by offset. */
async function appendAndKill(dir: string, count: number): Promise<Map<number, string>> {
  const script = new URL('./appender.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged = new Map<number, string>();
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const [offset, ...what] = line.split(' ');
      acknowledged.set(Number(offset), what.join(' '));
    }
    if (acknowledged.size >= count) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return acknowledged;
}

test('after kill -9 every acknowledged record is there, in its place, and the log goes on', async () => {
  const dir = newDir();
  const acknowledged = new Map<number, string>();
  for (const count of [40, 150, 400]) {
    for (const [offset, what] of await appendAndKill(dir, count)) acknowledged.set(offset, what);
    const { log, notices } = await openLog(dir);
    expect(notices.every((n) => n.code === 'segment_torn')).toBe(true);
    const texts = new Map((await readAll(log)).map((r) => [r.offset, textOf(r).split(' ').slice(0, 2).join(' ')]));
    for (const [offset, what] of acknowledged) expect(texts.get(offset)).toBe(what);
    expect(texts.size).toBe(log.end());
    await log.close();
  }
  expect(acknowledged.size).toBeGreaterThanOrEqual(590);
});
