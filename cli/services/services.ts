import { mkdirSync } from 'node:fs';
import { TidewatchError } from '../../core/errors.ts';
import { lockDirectory } from '../embedded/lock.ts';
import { systemFault } from '../embedded/system-fault.ts';
import { sendSignal } from './background.ts';
import { readConfig, type Wanted, wantedLines, writeConfig } from './config-file.ts';
import type { KafkaNode } from './kafka.ts';
import { findKafka } from './kafka-jars.ts';
import type { ServicesOptions } from './options.ts';
import { findPrograms, type Programs, type Watcher } from './prometheus-programs.ts';
import type { Server } from './prometheus-server.ts';
import { alertsSecret, launchWatchers, WATCHER_NAMES } from './prometheus-start.ts';
import { launchKafka, makeTopics } from './start-kafka.ts';
import { launchPostgres, urlFileOf } from './start-postgres.ts';

const LOOK_EVERY_MS = 1_000;
/** A broker that needs more than these has a fault that starting it again does not mend. */
const RESTARTS_MAX = 3;
const RESTARTS_WITHIN_MS = 2 * 60_000;

/** Something that runs until it is stopped. Another service is another entry of `start` below. */
interface Running {
  name: string;
  pid(): number | null;
  stop(): Promise<void>;
}

/**
 * Kafka, PostgreSQL and what else is wanted in the foreground until the signal, everything made that the other commands need. What was
 * started is stopped, however it ends.
 */
export async function services(options: ServicesOptions): Promise<void> {
  const { dir, signal, say } = options;
  const running: Running[] = [];
  // A process that is ended in a hurry still tells them to stop; in good order nothing is left by then.
  const lastWord = () => {
    for (const { pid } of running) if (pid() !== null) sendSignal(pid()!, 'SIGTERM');
  };
  process.once('exit', lastWord);
  let unlock = (): void => undefined;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    unlock = lockDirectory(dir);
    const started = await start(options, running);
    if (!signal.aborted) await watch(started, options);
  } catch (cause) {
    if (!signal.aborted) throw systemFault(cause, dir);
  } finally {
    for (const { name, stop } of running.reverse())
      await stop().catch((error: Error) => say(name, `did not stop: ${error.message}`));
    process.removeListener('exit', lastWord);
    unlock();
  }
}

interface Started {
  kafka: KafkaNode;
  watchers: readonly Server[];
}

async function start(options: ServicesOptions, running: Running[]): Promise<Started> {
  const note = async <T extends Omit<Running, 'name' | 'pid'>>(
    name: string,
    service: T,
    pid: (it: T) => number | null,
  ) => {
    running.push({ name, pid: () => pid(service), stop: () => service.stop() });
    return service;
  };
  const { kafkaVersion: version, clock, signal, say } = options;
  // First, since it may take minutes or be impossible.
  const program = await findKafka({ version, clock, signal, say: (line) => say('Kafka', line) });
  const programs = new Map<Watcher, Programs>();
  for (const what of options.beside)
    programs.set(what, await findPrograms(what, { clock, signal, say: (line) => say(WATCHER_NAMES[what], line) }));
  signal.throwIfAborted();
  const started = await Promise.allSettled([
    launchKafka(program, options).then((node) => note('Kafka', node, ({ pid }) => pid)),
    launchPostgres(options).then((server) => note('PostgreSQL', server, (it) => it.pid())),
  ]);
  const failed = started.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  const [kafka, postgres] = started as [PromiseFulfilledResult<KafkaNode>, PromiseFulfilledResult<{ url: string }>];
  signal.throwIfAborted();
  await connectOthers(kafka.value, postgres.value.url, options);
  const watchers = await launchWatchers(programs, options, (name, server) => note(name, server, ({ pid }) => pid));
  tellHowOn(options);
  return { kafka: kafka.value, watchers };
}

/** The configuration for the other commands, and the topics that it names. */
async function connectOthers(node: KafkaNode, url: string, options: ServicesOptions): Promise<void> {
  const { configFile, force, dir, say } = options;
  const alerts = options.beside.has('alertmanager') ? { alerts: alertsSecret(dir) } : {};
  const wanted: Wanted = { broker: node.address, urlFile: urlFileOf(dir), url, ...alerts };
  const written = writeConfig(configFile, wanted, force);
  const { problem, topics, deadLetterTopic } = readConfig(configFile, wanted);
  await makeTopics(node, topics, deadLetterTopic, options);
  if (problem === null)
    say('config', written ? `${configFile} is written, for the other commands` : `${configFile} fits`);
  else {
    say('config', `${configFile} ${problem}; to use these services, it must say`);
    for (const line of wantedLines(wanted)) say('', `  ${line}`);
  }
}

function tellHowOn({ configFile, dir, say }: ServicesOptions): void {
  const file = configFile === 'tidewatch.yaml' ? '' : ` --file ${configFile}`;
  say('next', `in another shell: npx tidewatch doctor${file}, then npx tidewatch worker${file}`);
  say('stop', `with Ctrl-C; all data stays in ${dir}, and the next start goes on with it`);
}

/** Starts the broker again should it die, as PostgreSQL's keeper does, until the signal; of the others it is told. */
async function watch({ kafka: node, watchers }: Started, { clock, signal, say, dir }: ServicesOptions): Promise<void> {
  const restartsMs: number[] = [];
  const told = new Set<Server>();
  for (;;) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    if (signal.aborted) return;
    for (const server of watchers) {
      if (server.pid !== null || told.has(server)) continue;
      told.add(server);
      say(server.name, `ended unexpectedly; ${server.log} says why, and the next start starts it again`);
    }
    if (node.pid !== null) continue;
    restartsMs.push(clock.elapsed());
    const before = restartsMs.at(-1 - RESTARTS_MAX);
    if (before !== undefined && clock.elapsed() - before < RESTARTS_WITHIN_MS)
      throw new TidewatchError('broker_unavailable', `Kafka ends again and again; ${dir}/kafka/kafka.log says why`);
    say('Kafka', 'ended unexpectedly and is started again …');
    await node.start();
    say('Kafka', 'runs again');
  }
}
