import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { killHard } from '../../../cli/services/background.ts';
import { plainCluster } from '../../../cli/services/cluster.ts';
import { KAFKA_VERSION } from '../../../cli/services/kafka-jars.ts';
import { nodeOn } from '../../../cli/services/kafka-running.ts';
import { freePorts } from '../../../cli/services/ports.ts';
import type { Watcher } from '../../../cli/services/prometheus-programs.ts';
import { services } from '../../../cli/services/services.ts';
import { systemClock } from '../../../core/clock.ts';
import { orThrow } from '../../../core/errors.ts';
import { findPostgres } from '../../../store/embedded.ts';
import { KAFKA_START_MS } from '../../kafka.ts';
import { needs } from '../../needs.ts';

interface Run {
  lines: string[];
  stop(): Promise<void>;
}

needs('jars')('the services', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'tidewatch-services-'));
  const dir = path.join(root, 'services');
  const configFile = path.join(root, 'tidewatch.yaml');
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** Resolves when they are up; rejects when they end before. */
  async function run(kafkaPort: number | null): Promise<Run> {
    const stop = new AbortController();
    const lines: string[] = [];
    let up: () => void = () => undefined;
    const isUp = new Promise<void>((resolve) => {
      up = resolve;
    });
    const say = (part: string, line: string) => {
      lines.push(`${part}: ${line}`);
      if (part === 'stop') up();
    };
    const base = {
      dir,
      configFile,
      force: false,
      kafkaVersion: KAFKA_VERSION,
      partitions: 4,
      beside: new Set<Watcher>(),
    };
    const ended = services({ ...base, kafkaPort, clock: systemClock, say, signal: stop.signal });
    await Promise.race([isUp, ended.then(() => Promise.reject(new Error(lines.join('\n'))))]);
    return {
      lines,
      async stop() {
        stop.abort();
        await ended;
      },
    };
  }

  test(
    'come up with all that the other commands need, and go on with the same data and addresses',
    async () => {
      const [port] = await freePorts(1);
      const first = await run(port!);
      const kafkaDir = path.join(dir, 'kafka');
      const address = `127.0.0.1:${port}`;
      const urlFile = path.join(dir, 'database.url');
      const url = readFileSync(urlFile, 'utf8');
      expect(statSync(urlFile).mode & 0o777).toBe(0o600);
      expect(url.trim()).toBe(await findPostgres(dir));
      expect(readFileSync(configFile, 'utf8')).toContain(address);
      expect(first.lines).toContainEqual(expect.stringMatching(/^config: .* is written/));

      const admin = await plainCluster(address, systemClock).admin();
      const telemetry = orThrow(await admin.topic('telemetry'));
      expect(telemetry?.partitions).toHaveLength(4);
      expect(telemetry?.config).toMatchObject({
        'message.timestamp.type': 'LogAppendTime',
        'cleanup.policy': 'delete',
      });
      expect(orThrow(await admin.topic('tidewatch-dead-letters'))?.partitions).toHaveLength(1);
      await admin.close();

      await first.stop();
      expect([await nodeOn(kafkaDir), await findPostgres(dir)]).toEqual([null, null]);

      const second = await run(null);
      expect(await nodeOn(kafkaDir)).toMatchObject({ address });
      expect(readFileSync(urlFile, 'utf8')).toBe(url);
      expect(second.lines).toContainEqual(expect.stringMatching(/^config: .* fits$/));
      expect(second.lines).toContain('topics: telemetry (4 partitions), tidewatch-dead-letters (1 partition)');
      const node = await nodeOn(kafkaDir);
      await killHard(node!.pid, systemClock);
      await expect.poll(() => second.lines.at(-1), { timeout: 30_000 }).toBe('Kafka: runs again');
      expect(await nodeOn(kafkaDir)).toMatchObject({ address });
      await second.stop();
    },
    KAFKA_START_MS,
  );
});
