import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examineWorker } from '../../cli/commands/doctor.ts';
import { loadConfig } from '../../cli/load-config.ts';
import { killHard } from '../../cli/services/background.ts';
import { nodeOn } from '../../cli/services/kafka-running.ts';
import { systemClock } from '../../core/clock.ts';
import type { Result } from '../../core/errors.ts';
import type { KafkaAdmin, KafkaSettings } from '../../ingest/kafka/ports.ts';
import { type Cluster, openKafka } from '../../ingest/kafka.ts';
import { authority } from '../certificates.ts';
import { WINDOW_MS, WorkerProcess } from '../cli/worker/site.ts';
import { KAFKA_START_MS } from '../kafka.ts';
import { needs } from '../needs.ts';
import { builtProgram } from '../program.ts';
import { type SecureKafka, startSecureKafka } from './secure-kafka.ts';
import { type SecurePostgres, secureConfig, startSecurePostgres } from './worker-site.ts';

const TELEMETRY = 'telemetry';
const OTHER = 'other';
const DEAD_LETTERS = 'tidewatch-dead-letters';
const GROUP = 'tidewatch';

needs('jars')('a broker with TLS, SCRAM and least rights', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-secure-'));
  const passwords = {
    'tidewatch-worker': randomBytes(12).toString('hex'),
    'telemetry-sender': randomBytes(12).toString('hex'),
    'tidewatch-operator': randomBytes(12).toString('hex'),
  };
  let kafka: SecureKafka;
  let database: SecurePostgres;

  beforeAll(async () => {
    authority(dir, 'ours');
    authority(dir, 'theirs');
    [kafka, database] = await Promise.all([
      startSecureKafka(dir, 'ours', passwords, [TELEMETRY, OTHER, DEAD_LETTERS]),
      startSecurePostgres(dir, 'ours'),
    ]);
  }, KAFKA_START_MS);
  afterAll(async () => {
    await Promise.all([kafka?.admin.disconnect(), database?.pool.end()]);
    await database?.server.stop();
    const left = await nodeOn(path.join(dir, 'kafka'));
    if (left !== null) await killHard(left.pid, systemClock);
    rmSync(dir, { recursive: true, force: true });
  });

  const certificateOf = (name: string) => readFileSync(path.join(dir, `${name}.crt`), 'utf8');
  const settings = (user: keyof typeof passwords, change: Partial<KafkaSettings> = {}): KafkaSettings => ({
    brokers: [kafka.address],
    clientId: 'tidewatch',
    tls: { ca: certificateOf('ours') },
    sasl: { mechanism: 'scram-sha-512', username: user, password: passwords[user] },
    sessionTimeoutMs: 15_000,
    rebalanceTimeoutMs: 30_000,
    maxWaitMs: 50,
    ...change,
  });
  /** Everything that was logged, at any level. */
  const logged: unknown[] = [];
  const log = (detail: object, message: string) => void logged.push([detail, message]);
  const logger = { debug: log, info: log, warn: log, error: log };
  const open = (...of: Parameters<typeof settings>): Cluster => openKafka(settings(...of), logger, systemClock);

  const asAdmin = async <T>(cluster: Cluster, ask: (admin: KafkaAdmin) => Promise<Result<T>>): Promise<Result<T>> => {
    const admin = await cluster.admin();
    try {
      return await ask(admin);
    } finally {
      await admin.close();
    }
  };
  const send = async (cluster: Cluster, topic: string): Promise<string> => {
    const producer = await cluster.producer();
    const sent = await producer.send(topic, [{ key: null, value: new Uint8Array([1]) }]);
    await producer.close();
    return codeOf(sent);
  };
  const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.fault.code);
  /** How a member of the group fares until it has the topic: ok, or the code of what it was told. */
  const join = async (cluster: Cluster, groupId: string, topic: string): Promise<string> => {
    let came = 'nothing';
    const decided = new AbortController();
    const decide = (what: string) => {
      came = decided.signal.aborted ? came : what;
      decided.abort();
    };
    const member = cluster.member({
      groupId,
      topics: [topic],
      queueBytes: 1 << 20,
      sessionTimeoutMs: 15_000,
      partitionsConsumedConcurrently: 1,
      progress: () => 0,
      onAssigned: () => decide('ok'),
      onRebalancing: () => undefined,
      onFailed: (cause) => decide(cause.code),
    });
    await member.start().catch((cause: { code: string }) => decide(cause.code));
    await systemClock.sleep(10_000, decided.signal);
    await member.close();
    return came;
  };
  const holdsNoSecret = (what: unknown) => {
    const text = inspect(what, { depth: 12, showHidden: true, maxStringLength: null });
    for (const secret of [...Object.values(passwords), database.password]) expect(text).not.toContain(secret);
  };
  const configFor = (user: keyof typeof passwords) =>
    secureConfig(dir, {
      brokers: kafka.address,
      user,
      password: passwords[user],
      url: database.url,
      ca: path.join(dir, 'ours.crt'),
    });
  const sendText = async (texts: readonly string[]) => {
    const producer = await open('telemetry-sender').producer();
    const records = texts.map((text) => ({ key: null, value: new TextEncoder().encode(text) }));
    expect(codeOf(await producer.send(TELEMETRY, records))).toBe('ok');
    await producer.close();
  };

  test('is entered with the right authority and password', async () => {
    const found = await asAdmin(open('tidewatch-worker'), (admin) => admin.cluster());
    expect(found).toMatchObject({ ok: true, value: { brokers: [{ id: 1 }] } });
  });

  // side by side, since the client tries each a few times before it gives up
  test.concurrent.each<[string, RegExp, (wrong: KafkaSettings) => Partial<KafkaSettings>]>([
    ['another authority', /certificate/i, () => ({ tls: { ca: certificateOf('theirs') } })],
    ['no authority of ours', /certificate/i, () => ({ tls: {} })],
    [
      'a name that the certificate has not',
      /altnames|does not match/i,
      ({ brokers }) => ({ brokers: [brokers[0]!.replace('127.0.0.1', 'localhost')] }),
    ],
    [
      'a wrong password',
      /authentication failed|invalid credentials/i,
      ({ sasl }) => ({ sasl: { ...sasl!, password: 'tr0ub4dor&3' } }),
    ],
    [
      'an unknown user',
      /authentication failed|invalid credentials/i,
      ({ sasl }) => ({ sasl: { ...sasl!, username: 'mallory' } }),
    ],
    ['a mechanism that the broker has not', /mechanism/i, ({ sasl }) => ({ sasl: { ...sasl!, mechanism: 'plain' } })],
    ['no password', /wants a user by SASL \(SCRAM-SHA-512\), and kafka\.username is not set/, () => ({ sasl: null })],
    ['no TLS', /wants TLS, and kafka\.tls is off/, () => ({ tls: null })],
  ])('refuses %s in plain words, without the password', async (_what, words, wrong) => {
    const change = wrong(settings('tidewatch-worker'));
    const found = await asAdmin(open('tidewatch-worker', change), (admin) => admin.cluster());
    expect(found).toMatchObject({ ok: false, fault: { code: 'broker_refused', detail: expect.stringMatching(words) } });
    holdsNoSecret([found, logged]);
    expect(inspect([found, logged], { depth: 12 })).not.toContain('tr0ub4dor');
  });

  test('lets a worker read its topics in its group, and write dead letters, and nothing else', async () => {
    const worker = open('tidewatch-worker');
    expect(await join(worker, GROUP, TELEMETRY)).toBe('ok');
    expect(await send(worker, DEAD_LETTERS)).toBe('ok');
    expect(await send(worker, TELEMETRY)).toBe('broker_refused');
    expect(await send(worker, OTHER)).toBe('broker_refused');
    expect(await join(worker, GROUP, OTHER)).toBe('broker_refused');
    expect(await join(worker, 'another-group', TELEMETRY)).toBe('broker_refused');
    expect(codeOf(await asAdmin(worker, (admin) => admin.offsets(TELEMETRY)))).toBe('ok');
    expect(codeOf(await asAdmin(worker, (admin) => admin.offsets(OTHER)))).toBe('broker_refused');
    expect(codeOf(await asAdmin(worker, (admin) => admin.createTopic('new', 1)))).toBe('broker_refused');
    expect(codeOf(await asAdmin(worker, (admin) => admin.deleteTopic(TELEMETRY)))).toBe('broker_refused');
    expect(codeOf(await asAdmin(worker, (admin) => admin.brokerConfig()))).toBe('broker_refused');
  });

  test('lets a sender write telemetry, and nothing else', async () => {
    const sender = open('telemetry-sender');
    expect(await send(sender, TELEMETRY)).toBe('ok');
    expect(await send(sender, DEAD_LETTERS)).toBe('broker_refused');
    expect(await join(sender, GROUP, TELEMETRY)).toBe('broker_refused');
  });

  test('lets an operator look, record and send again, and not be a worker', async () => {
    const operator = open('tidewatch-operator');
    expect(await asAdmin(operator, (admin) => admin.topic(TELEMETRY))).toMatchObject({
      ok: true,
      value: { name: TELEMETRY },
    });
    expect(codeOf(await asAdmin(operator, (admin) => admin.group(GROUP)))).toBe('ok');
    let records = 0;
    for await (const batch of operator.read(TELEMETRY)) records += batch.length;
    expect(records).toBeGreaterThan(0);
    expect(await send(operator, TELEMETRY)).toBe('ok');
    expect(await send(operator, DEAD_LETTERS)).toBe('broker_refused');
    expect(await join(operator, GROUP, TELEMETRY)).toBe('broker_refused');
  });

  test('has a worker judge records with no right more and no secret told', async () => {
    const worker = new WorkerProcess(await builtProgram(), configFor('tidewatch-worker'), dir);
    try {
      await worker.ready();
      const startMs = Math.floor(systemClock.now() / WINDOW_MS) * WINDOW_MS - 100 * WINDOW_MS;
      const point = (w: number) => ({ entity: 'web-1', time: startMs + w * WINDOW_MS, values: { cpu: 0.5 } });
      await sendText([...Array.from({ length: 6 }, (_, w) => JSON.stringify(point(w))), 'no telemetry']);
      const count = async (table: string) =>
        Number((await database.pool.query(`SELECT count(*) FROM ${table}`)).rows[0].count);
      await worker.wait('five verdicts', async () => (await count('verdicts')) >= 5);
      await worker.wait('the dead letter', async () => (await count('dead_letters')) >= 1);
      const sessions = await database.pool.query(
        `SELECT usename, ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE application_name = 'tidewatch worker'`,
      );
      expect(sessions.rows.length).toBeGreaterThan(0);
      for (const session of sessions.rows) expect(session).toEqual({ usename: 'my_worker', ssl: true });

      const { pid } = worker.child;
      holdsNoSecret(await worker.metrics());
      if (process.platform === 'linux')
        for (const file of ['cmdline', 'environ']) holdsNoSecret(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
      expect((await worker.end('SIGTERM')).code).toBe(0);
    } finally {
      await worker.end('SIGKILL');
    }
    expect(worker.out).toMatch(/"msg":"claimed"/);
    holdsNoSecret([worker.out, worker.err]);
    expect(() => holdsNoSecret([worker.out, `a planted ${database.password}`])).toThrow();
  });

  test('ends a worker that may not enter in plain words, without a secret', async () => {
    writeFileSync(path.join(dir, 'tidewatch-wrong'), 'tr0ub4dor&3');
    const right = readFileSync(configFor('tidewatch-worker'), 'utf8');
    const all: [config: string, words: RegExp][] = [
      [right.replace('ours.crt', 'theirs.crt'), /broker_refused.*certificate/],
      [right.replace('worker_password', 'wrong'), /broker_refused.*invalid credentials/],
      [right.replace('"tls":true', '"tls":false'), /broker_refused.*wants TLS, and kafka.tls is off/],
    ];
    const ended = all.map(async ([config, words], i) => {
      const file = path.join(dir, `wrong-${i}.yaml`);
      writeFileSync(file, config);
      const worker = new WorkerProcess(await builtProgram(), file, dir);
      expect(await worker.ended).toBe(3);
      expect(worker.out + worker.err).toMatch(words);
      expect(worker.out + worker.err).not.toContain('tr0ub4dor');
      holdsNoSecret([worker.out, worker.err]);
    });
    await Promise.all(ended);
  });

  test('is examined by doctor, as far as the rights of each user reach', async () => {
    const examined = async (user: keyof typeof passwords) => {
      const { config } = loadConfig({ file: configFor(user), env: {} });
      const results = await examineWorker({ config, nowMs: systemClock.now() });
      holdsNoSecret(results);
      return (name: string) => results.find((r) => r.name === name);
    };
    const worker = await examined('tidewatch-worker');
    expect(worker('Kafka brokers')).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/TLSv1\.3, scram-sha-512 as tidewatch-worker/),
    });
    expect(worker('topic telemetry')).toMatchObject({
      status: 'warn',
      remedy: expect.stringMatching(/--allow-principal User:tidewatch-worker --operation DescribeConfigs/),
    });
    expect(worker('PostgreSQL')).toMatchObject({ status: 'ok', found: expect.stringMatching(/TLSv1\.3/) });
    expect(worker('roles')).toMatchObject({ status: 'ok' });
    const operator = await examined('tidewatch-operator');
    expect(operator('topic telemetry')).toMatchObject({ status: 'ok', found: expect.stringMatching(/LogAppendTime/) });
    const sender = await examined('telemetry-sender');
    expect(sender('consumer group')).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/^broker_refused/),
      remedy: expect.stringMatching(/--operation Read --group tidewatch/),
    });
  });
});
