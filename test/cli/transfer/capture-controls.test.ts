import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { captureTopic } from '../../../cli/transfer/capture.ts';
import { produceRecordings } from '../../../cli/transfer/produce.ts';
import { systemClock } from '../../../core/clock.ts';
import { rootConfig } from '../../../core/config/root.ts';
import { sha256Hex } from '../../../core/hash.ts';
import { modelIdOf, trainArtifact } from '../../../detector/offline.ts';
import { MAX_SPEED } from '../../../scenarios/produce/pace.ts';
import { readingsOf, runRecording } from '../../../scenarios/replay/replay.ts';
import { silentLogger } from '../../../store/logger.ts';
import { PostgresModelStore } from '../../../store/models.ts';
import { PostgresPartitionStore } from '../../../store/partition-store.ts';
import { freshTopic, KAFKA_START_MS, kafkaBroker, useKafka } from '../../kafka.ts';
import { needs } from '../../needs.ts';
import { testDatabase } from '../../postgres.ts';

const FLEET = 'test/recordings/fleet.recording.gz';
const SWITCH_AT = 1_000;
const DISABLED_AT = 4_000;
const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-controls-'));
afterAll(() => rmSync(dir, { recursive: true }));

needs('kafka')('with a broker', () => {
  useKafka();
  needs('postgres')('and a database', () => {
    test(
      'control entries and models come along, each partition its own',
      async () => {
        const { brokers } = await kafkaBroker();
        const { url, pool } = await testDatabase();
        const topic = await freshTopic(2);
        const streams = [{ name: 'fleet', topic, metrics: { exclude: ['debug_*'] } }];
        const dataDir = path.join(dir, 'data');
        const config = rootConfig.parse({ dataDir, kafka: { brokers: brokers.join(',') }, database: { url }, streams });
        const signal = new AbortController().signal;
        const onNotice = () => undefined;
        const all = { speed: MAX_SPEED, rebaseTime: false, resume: false, repeat: 1, create: null, signal, onNotice };
        await produceRecordings(config, { ...all, recordings: [FLEET], topic, partition: 0 });

        const { rows } = await readingsOf(FLEET);
        const trained = trainArtifact(rows, config.streams[0]!);
        if (!trained.ok) throw new Error(trained.fault.detail);
        const { artifact } = trained.value;
        const modelId = modelIdOf(artifact);
        await new PostgresModelStore(pool, systemClock).put(modelId, 'fleet', artifact, {});
        const change = { kind: 'model', modelId, sha256: sha256Hex(artifact) } as const;
        const store = new PostgresPartitionStore(pool, {
          stream: 'fleet',
          partition: 0,
          clock: systemClock,
          log: silentLogger,
        });
        const { epoch } = await store.claim('a test');
        await store.appendControl(epoch, SWITCH_AT, change);
        await store.appendControl(epoch, DISABLED_AT, { kind: 'mode', mode: 'disabled', reason: 'a test' });

        const bounds = { partition: null, from: 'start', to: 'end', stream: null } as const;
        const out = path.join(dir, 'captured');
        const captured = await captureTopic(config, { ...bounds, topic, out, control: true, signal, onNotice });
        expect(captured).toMatchObject({
          stream: 'fleet',
          controlled: true,
          partitions: [{ controlEntries: 2 }, { records: 0, controlEntries: 0 }],
        });

        const seen: string[] = [];
        const replayed = await runRecording(captured!.partitions[0]!.file, {
          onOutputs: ({ verdicts }) => void seen.push(...verdicts.map((v) => v.modelId)),
        });
        expect(replayed.refused).toEqual([]);
        expect([...new Set(seen)]).toEqual(['', modelId]);
        const plain = path.join(dir, 'plain.recording.gz');
        await captureTopic(config, { ...bounds, topic, partition: 0, out: plain, control: false, signal, onNotice });
        const whole = await runRecording(plain);
        // disabled from there on: the rest has no verdicts
        expect(seen.length).toBeLessThan(whole.verdicts);
      },
      KAFKA_START_MS,
    );
  });
});
