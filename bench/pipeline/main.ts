/**
 * `npm run bench:pipeline [-- --peers DIR] [--quick] [--json] [--only throughput,latency,…]`: Kafka to durable verdict,
 * beside kafkajs alone and beside Python. In full it writes its section of docs/benchmarks.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultStream, Fleet, trainFleet } from '../lib/fleet.ts';
import { machineLine } from '../lib/machine.ts';
import { chosen, putSection } from '../lib/report.ts';
import { markdown } from '../lib/section.ts';
import { footprint, type GrowthFigures, growth } from './growth.ts';
import { latency } from './latency.ts';
import { limits } from './limits.ts';
import { findPeers, quixRound } from './peers.ts';
import { restarts } from './restart.ts';
import { type PipelineFigures, pipelineSection } from './section.ts';
import { Site } from './site.ts';
import { throughput, workerRound } from './throughput.ts';

const PARTS = ['quix', 'latency', 'growth', 'memory', 'restarts', 'limits'] as const;
const LENGTHS = {
  quick: { records: 300_000, rounds: 1, latencyS: 10, sizes: [10_000], quixWindows: 500 },
  full: { records: 3_000_000, rounds: 3, latencyS: 45, sizes: [10_000, 100_000], quixWindows: 4_000 },
} as const;

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const parts = new Set(chosen(args, ['throughput', ...PARTS]));
const all = parts.size === PARTS.length + 1;
const { records, rounds, latencyS, sizes, quixWindows } = LENGTHS[quick ? 'quick' : 'full'];
const peersAt = args.indexOf('--peers');
const startedMs = performance.now();
const say = (line: string): void => {
  process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${line}\n`);
};

async function measure(site: Site): Promise<PipelineFigures> {
  const machine = machineLine(new Date());
  const found = await findPeers(peersAt < 0 ? null : (args[peersAt + 1] ?? null));
  const peers = typeof found === 'string' ? null : found;
  const settings = await site.settings();
  say(`PostgreSQL: ${JSON.stringify(settings)}`);
  if (typeof found === 'string') say(found);
  say('fills the topic …');
  const load = await site.filled('fleet', { entities: 1_000, metrics: 5, records });
  const { artifact } = trainFleet(new Fleet(1_000, 5), defaultStream(), 300, 1_000);
  say('kafkajs alone, Tidewatch and Python in turn …');
  const measured = await throughput(site, load, artifact, peers, parts.has('throughput') ? rounds : 1, say);
  const failures: string[] = [];
  const part = async <T>(name: (typeof PARTS)[number], run: () => Promise<T>): Promise<T | null> => {
    if (!parts.has(name)) return null;
    say(`${name} …`);
    try {
      return await run();
    } catch (cause) {
      const why = (cause as Error).message.split('\n')[0]!;
      say(`${name} failed: ${why}`);
      failures.push(`Not measured: ${name} (${why}).`);
      return null;
    }
  };
  const quix = peers && (await part('quix', () => quixRound(peers, load, quixWindows)));
  const limited = await part('limits', async () => {
    const { how, before, nodeOptions, close } = limits();
    const figures = await workerRound(site, load, artifact, 'limited', { before, nodeOptions }).finally(close);
    return { how, figures };
  });
  const half = Math.round(measured.ours.recordsPerS / 2 / 1_000) * 1_000;
  return {
    throughput: measured,
    quix,
    limited,
    latency: await part('latency', () => latency(site, artifact, half, latencyS)),
    growth:
      (await part('growth', async () => {
        const out: GrowthFigures[] = [];
        for (const entities of sizes) out.push(await growth(site, entities));
        return out;
      })) ?? [],
    footprint: await part('memory', () => footprint(site)),
    restarts: await part('restarts', () => restarts(site, artifact)),
    peers:
      peers === null ? `${found}.` : `Peers: ${peers.versions}; scored in batches of 512, kept nowhere but in memory.`,
    failures,
    settings,
    kafkaVersion: site.program.version,
    machine,
  };
}

const dir = mkdtempSync(join(tmpdir(), 'tidewatch-pipeline-'));
try {
  const site = await Site.open(dir);
  try {
    const figures = await measure(site);
    const section = pipelineSection(figures);
    say('done');
    console.log(args.includes('--json') ? JSON.stringify({ ...figures, section }, null, 2) : markdown(section));
    if (all && !quick) putSection('docs/benchmarks.md', section);
  } finally {
    await site.close();
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
