import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { isAlive } from '../../store/embedded-postmaster.ts';
import { Background, killHard, sendSignal, terminate } from './background.ts';
import { type Environment, javaArguments, runJar } from './java.ts';
import type { KafkaProgram } from './kafka-jars.ts';
import { clusterId, HOST, type Listener, PLAIN_LISTENER, serverProperties } from './kafka-properties.ts';
import { nodeOn, pidFile, propertiesFile } from './kafka-running.ts';
import { freePorts, isFree } from './ports.ts';

/** A first start formats, loads classes and makes its own topics; slow disks take their time. */
const START_TIMEOUT_MS = 90_000;
const START_ATTEMPTS = 4;
const READY_POLL_MS = 100;
const STOP_GRACE_MS = 15_000;
const PORT_WAIT_MS = 3_000;
const SAID_MAX_CHARS = 1_000;
const JVM_OPTIONS = ['-Xms256m', '-Xmx768m'];
const LOGGING = ['showDateTime=true', 'dateTimeFormat=HH:mm:ss.SSS', 'defaultLogLevel=warn'].map(
  (setting) => `-Dorg.slf4j.simpleLogger.${setting}`,
);

export interface KafkaOptions {
  program: KafkaProgram;
  /** Holds everything of this node: data/, server.properties, kafka.log and kafka.pid. What is there is gone on with. */
  dir: string;
  /** Default: one for PLAINTEXT on a free port. The first one is the address that `ready` is asked about. */
  listeners?: readonly Listener[];
  /** Server properties on top of ours, such as those of a keystore or an authorizer. */
  properties?: Readonly<Record<string, string>>;
  /** For `StorageTool format` at the first start, such as ['--add-scram', 'SCRAM-SHA-512=[name=a,password=b]']. */
  formatArguments?: readonly string[];
  /** In place of ours, which bound the heap. */
  jvmOptions?: readonly string[];
  /** Whether it answers a client: open ports and metadata are not enough, coordinators load for a while longer. */
  ready: (address: string) => Promise<boolean>;
  clock: Clock;
  env?: Environment;
}

/**
 * One node of Apache Kafka, broker and controller at once, from its jars. Nobody else may use the folder meanwhile: a
 * node that an earlier process left running on it is stopped first.
 * Throws TidewatchError port_taken (of a port that was asked for) or broker_unavailable.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaNode> {
  const left = await nodeOn(options.dir);
  if (left !== null) await terminate(left.pid, STOP_GRACE_MS, options.clock);
  const fixed = (options.listeners ?? [PLAIN_LISTENER]).every((listener) => listener.port !== undefined);
  for (let attempt = 1; ; attempt++) {
    const node = await KafkaNode.prepare(options);
    try {
      await node.start();
      return node;
    } catch (error) {
      // A port that was free may be taken by others before Kafka takes it.
      const taken = error instanceof TidewatchError && error.code === 'port_taken';
      if (!taken || fixed || attempt >= START_ATTEMPTS) throw error;
    }
  }
}

type Bound = Listener & { port: number };

const addressesOf = (listeners: readonly Bound[]): Record<string, string> =>
  Object.fromEntries(listeners.map(({ name, port, advertised }) => [name, advertised ?? `${HOST}:${port}`]));

export class KafkaNode {
  /** host:port of each listener by its name, as clients are told. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Of the first listener. */
  readonly address: string;
  readonly #options: KafkaOptions;
  readonly #listeners: readonly Bound[];
  #process: Background | null = null;

  private constructor(options: KafkaOptions, listeners: readonly Bound[]) {
    this.#options = options;
    this.#listeners = listeners;
    this.addresses = addressesOf(listeners);
    this.address = this.addresses[listeners[0]!.name]!;
  }

  /** Writes the properties with ports for everything, and formats the folder of the data where there is none. */
  static async prepare(options: KafkaOptions): Promise<KafkaNode> {
    const { dir, properties = {} } = options;
    const wanted = options.listeners ?? [PLAIN_LISTENER];
    const free = await freePorts(wanted.length + 1);
    const listeners = wanted.map((listener, i) => ({ ...listener, port: listener.port ?? free[i]! }));
    const dataDir = path.resolve(dir, 'data');
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const advertised = addressesOf(listeners);
    const node = { listeners, advertised, controllerPort: free.at(-1)!, dataDir, extra: properties };
    // Passwords of keystores may be among them.
    await writeFile(propertiesFile(dir), serverProperties(node), { mode: 0o600 });
    await format(options, dataDir);
    return new KafkaNode(options, listeners);
  }

  /** The broker's process id; null while none runs. For signals: SIGSTOP, SIGCONT, SIGKILL. */
  get pid(): number | null {
    const pid = this.#process?.pid ?? null;
    return pid !== null && this.#process?.ended === null && isAlive(pid) ? pid : null;
  }

  /** On the same folder and ports, after `stop` or `kill` as at first; resolves when it is ready. */
  async start(): Promise<void> {
    const { program, dir, clock, env = process.env, jvmOptions = JVM_OPTIONS } = this.#options;
    if (this.pid !== null) return;
    for (const listener of this.#listeners) await this.#awaitPort(listener);
    const args = javaArguments(program.jars, [...LOGGING, ...jvmOptions], 'kafka.Kafka');
    const started = new Background(program.java, [...args, propertiesFile(dir)], path.join(dir, 'kafka.log'), env);
    this.#process = started;
    if (started.pid !== null) await writeFile(pidFile(dir), `${started.pid}\n`);
    const until = clock.elapsed() + START_TIMEOUT_MS;
    while (started.ended === null) {
      const ready = this.#options.ready(this.address);
      if (await Promise.race([ready, started.end.then(() => false)])) {
        // With the address: others may use it from now on.
        await writeFile(pidFile(dir), `${started.pid} ${this.address}\n`);
        return;
      }
      if (clock.elapsed() > until) {
        await this.kill();
        throw new TidewatchError(
          'broker_unavailable',
          `it was not ready within ${START_TIMEOUT_MS / 1000} s; ${logOf(dir)}`,
        );
      }
      await clock.sleep(READY_POLL_MS);
    }
    throw startFault(started, dir);
  }

  /** A process that was killed counts as ended while its threads still end, and holds its ports until they have. */
  async #awaitPort({ name, port }: Bound): Promise<void> {
    const { clock } = this.#options;
    const until = clock.elapsed() + PORT_WAIT_MS;
    while (!(await isFree(port))) {
      if (clock.elapsed() > until) throw new TidewatchError('port_taken', `Kafka wants ${HOST}:${port} for ${name}`);
      await clock.sleep(READY_POLL_MS);
    }
  }

  /** In good order, or by force when that takes too long. */
  async stop(): Promise<void> {
    const pid = this.pid;
    if (pid !== null) await terminate(pid, STOP_GRACE_MS, this.#options.clock);
    await rm(pidFile(this.#options.dir), { force: true });
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const pid = this.pid;
    if (pid !== null) await killHard(pid, this.#options.clock);
  }

  signal(name: NodeJS.Signals): void {
    if (this.pid !== null) sendSignal(this.pid, name);
  }
}

const logOf = (dir: string): string => `${path.join(dir, 'kafka.log')} says more`;

/** Once: the mark is written last, so that a format which was cut off is begun anew. */
async function format(
  { program, dir, formatArguments = [], env = process.env }: KafkaOptions,
  dataDir: string,
): Promise<void> {
  const mark = path.join(dir, 'formatted');
  if (existsSync(mark)) return;
  await rm(dataDir, { recursive: true, force: true });
  const id = clusterId();
  const args = ['format', '-t', id, '-c', propertiesFile(dir), ...formatArguments];
  const ran = await runJar(program.java, program.jars, 'kafka.tools.StorageTool', args, { env });
  if (ran.code !== 0)
    throw new TidewatchError(
      'broker_unavailable',
      `its folder could not be formatted: ${lastSaid(ran.stdout + ran.stderr)}`,
    );
  await writeFile(mark, `${id}\n`);
}

function startFault(started: Background, dir: string): TidewatchError {
  const said = started.said();
  // Java's own words, which Kafka passes on.
  if (/Address already in use|Socket server failed to bind/.test(said)) {
    const where = /failed to bind to ([^\s,]+?):?[.\s]/.exec(said)?.[1] ?? 'an address';
    return new TidewatchError('port_taken', `Kafka wants ${where}`);
  }
  return new TidewatchError(
    'broker_unavailable',
    `Kafka did not start: ${lastSaid(said)} | ${started.ended}; ${logOf(dir)}`,
  );
}

/** Lines of a stack trace say where, those between them what. */
const lastSaid = (text: string): string =>
  text
    .trim()
    .split('\n')
    .filter((line) => !/^\s+at |^\s*\.\.\. \d+ more/.test(line))
    .slice(-4)
    .join(' | ')
    .slice(-SAID_MAX_CHARS);
