/** `npm run bench:pipeline [-- --peers DIR] [--quick] [--json]` */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultStream, Fleet, trainFleet } from '../lib/fleet.ts';
import { findPeers } from './peers.ts';
import { Site } from './site.ts';
import { throughput } from './throughput.ts';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const peersAt = args.indexOf('--peers');
const peers = await findPeers(peersAt < 0 ? null : (args[peersAt + 1] ?? null));
const dir = mkdtempSync(join(tmpdir(), 'tidewatch-pipeline-'));
const site = await Site.open(dir);
try {
  console.error(await site.settings());
  console.time('fill');
  const load = await site.filled('fleet', { entities: 1_000, metrics: 5, records: quick ? 300_000 : 3_000_000 });
  console.timeEnd('fill');
  const { artifact } = trainFleet(new Fleet(1_000, 5), defaultStream(), 300, 1_000);
  console.log(
    await throughput(site, load, artifact, typeof peers === 'string' ? null : peers, Number(process.env.ROUNDS ?? 1)),
  );
} finally {
  await site.close();
  rmSync(dir, { recursive: true, force: true });
}
