/** Appends records to the log in argv[2] until it is killed; prints the end of each batch that was acknowledged. */
import { writeSync } from 'node:fs';
import { systemClock } from '../../../core/clock.ts';
import { orThrow } from '../../../core/errors.ts';
import { FileLog } from '../../../ingest/file-log/index.ts';

const { log } = orThrow(
  await FileLog.open({
    dir: process.argv[2]!,
    clock: systemClock,
    maxBytes: 1 << 30,
    maxAgeMs: 1e12,
    segmentBytes: 20_000,
  }),
);

async function produce(name: number): Promise<never> {
  for (let i = 0; ; i++) {
    const value = new TextEncoder().encode(`${name} ${i} ${'x'.repeat((i * 37) % 300)}`);
    const first = orThrow(await log.append([{ key: null, value }]));
    writeSync(1, `${first} ${name} ${i}\n`);
  }
}
await Promise.all([0, 1, 2, 3].map(produce));
