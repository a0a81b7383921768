import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { configText, readConfig, wantedLines, writeConfig } from '../../../cli/services/config-file.ts';
import { parseConfig } from '../../../core/config/parse.ts';
import { orThrow } from '../../../core/errors.ts';

const URL = 'postgres://tidewatch:secret@127.0.0.1:5555/tidewatch';

function folder(): { file: string; wanted: { broker: string; urlFile: string; url: string } } {
  const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-config-'));
  const urlFile = path.join(dir, 'database.url');
  writeFileSync(urlFile, `${URL}\n`);
  return { file: path.join(dir, 'tidewatch.yaml'), wanted: { broker: '127.0.0.1:19000', urlFile, url: URL } };
}

test('what is written is a configuration of this broker and database, with telemetry as its only stream', () => {
  const { wanted } = folder();
  const { config } = orThrow(parseConfig({ text: configText(wanted) }));
  expect(config.kafka.brokers).toEqual(['127.0.0.1:19000']);
  expect(config.database.urlFile).toBe(wanted.urlFile);
  expect(config.streams.map(({ name, topic }) => [name, topic])).toEqual([['telemetry', 'telemetry']]);
});

test('the password of the database is not in it', () => {
  const { file, wanted } = folder();
  writeConfig(file, wanted, false);
  expect(readFileSync(file, 'utf8')).not.toContain('secret');
});

test('it is written once, and over another only by force', () => {
  const { file, wanted } = folder();
  expect(writeConfig(file, wanted, false)).toBe(true);
  writeFileSync(file, 'logLevel: warn\n');
  expect(writeConfig(file, wanted, false)).toBe(false);
  expect(readFileSync(file, 'utf8')).toBe('logLevel: warn\n');
  expect(writeConfig(file, wanted, true)).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe(configText(wanted));
});

test('one that was written fits', () => {
  const { file, wanted } = folder();
  writeConfig(file, wanted, false);
  expect(readConfig(file, wanted)).toEqual({
    problem: null,
    topics: ['telemetry'],
    deadLetterTopic: 'tidewatch-dead-letters',
  });
});

test('one with another broker or database is told, and fits with the lines that are told then', () => {
  const { file, wanted } = folder();
  writeFileSync(file, 'kafka: {brokers: "kafka:9092", deadLetterTopic: null}\n');
  expect(readConfig(file, wanted)).toMatchObject({
    problem: 'names another broker and another database',
    deadLetterTopic: null,
  });
  writeFileSync(file, wantedLines(wanted).join('\n'));
  expect(readConfig(file, wanted).problem).toBeNull();
});

test('the topics of its streams are told, with telemetry in any case', () => {
  const { file, wanted } = folder();
  writeFileSync(
    file,
    'sources: {demo: {enabled: false}, host: {enabled: false}}\nstreams: [{name: web, topic: edge}]\n',
  );
  expect(readConfig(file, wanted).topics).toEqual(['telemetry', 'edge']);
});

test('one that cannot be used is told with the reason', () => {
  const { file, wanted } = folder();
  writeFileSync(file, 'kafka: {broker: x}\n');
  expect(readConfig(file, wanted)).toMatchObject({ problem: expect.stringMatching(/^cannot be used \(kafka\.broker/) });
});
