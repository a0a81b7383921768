import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findJava } from '../../../cli/services/java.ts';
import { findKafka } from '../../../cli/services/kafka-jars.ts';
import { systemClock } from '../../../core/clock.ts';

/** A folder of programs for PATH, each a shell script; nothing else is on it but the shell itself. */
function programs(scripts: Record<string, string>): { PATH: string; TIDEWATCH_KAFKA_CACHE: string; dir: string } {
  const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-programs-'));
  mkdirSync(path.join(dir, 'bin'));
  for (const [name, script] of Object.entries(scripts)) {
    const file = path.join(dir, 'bin', name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
  return { PATH: path.join(dir, 'bin'), TIDEWATCH_KAFKA_CACHE: path.join(dir, 'cache'), dir };
}

const JAVA_17 = `echo 'openjdk version "17.0.15" 2025-04-15' >&2`;
/** Notes that it was called, takes a moment, and leaves what the real one would. */
const MAVEN = `
echo called >> "$(/usr/bin/dirname "$0")/calls"
for a in "$@"; do case "$a" in -DoutputDirectory=*) out="\${a#*=}";; -Dkafka.version=*) version="\${a#*=}";; esac; done
/bin/sleep 0.3
/bin/mkdir -p "$out" && : > "$out/kafka_2.13-$version.jar"`;

test('without Java it is said what is missing and which version is wanted', async () => {
  const env = programs({});
  await expect(findKafka({ clock: systemClock, env })).rejects.toMatchObject({
    code: 'program_missing',
    detail: 'java; Kafka needs Java 17 or newer',
  });
});

test('a JAVA_HOME that leads nowhere is named', async () => {
  await expect(findJava({ ...programs({}), JAVA_HOME: '/nowhere' })).rejects.toMatchObject({
    code: 'program_missing',
    detail: expect.stringContaining('/nowhere/bin/java (of JAVA_HOME)'),
  });
});

test.each([
  ['1.8.0_292', 'old'],
  ['11.0.2', 'old'],
  ['17', 'fine'],
  ['21.0.1', 'fine'],
])('Java %s is %s', async (version, verdict) => {
  const found = findJava(programs({ java: `echo 'java version "${version}"' >&2` }));
  if (verdict === 'fine') await expect(found).resolves.toBe('java');
  else await expect(found).rejects.toMatchObject({ code: 'program_missing', detail: expect.stringContaining(version) });
});

test('without Maven it is said that the jars need it, unless they are there already', async () => {
  const env = programs({ java: JAVA_17 });
  const found = findKafka({ clock: systemClock, env });
  await expect(found).rejects.toMatchObject({
    code: 'program_missing',
    detail: expect.stringMatching(/^mvn; .*Maven/),
  });
  mkdirSync(path.join(env.TIDEWATCH_KAFKA_CACHE, 'kafka-4.1.1'), { recursive: true });
  await expect(findKafka({ clock: systemClock, env })).resolves.toMatchObject({ version: '4.1.1' });
});

test('of several that want the jars one fetches them', async () => {
  const env = programs({ java: JAVA_17, mvn: MAVEN });
  const found = await Promise.all([1, 2, 3].map(() => findKafka({ clock: systemClock, env, version: '3.9.1' })));
  expect(new Set(found.map(({ jars }) => jars)).size).toBe(1);
  expect(existsSync(path.join(found[0]!.jars, 'kafka_2.13-3.9.1.jar'))).toBe(true);
  expect(readFileSync(path.join(env.PATH, 'calls'), 'utf8')).toBe('called\n');
  expect(readdirSync(env.TIDEWATCH_KAFKA_CACHE)).toEqual(['kafka-3.9.1']);
});

test('what Maven complains of first is told, and nothing half fetched stays', async () => {
  const mvn = `echo '[ERROR] Could not resolve org.apache.kafka' ; echo '[ERROR] Re-run Maven with -e' ; exit 1`;
  const env = programs({ java: JAVA_17, mvn });
  await expect(findKafka({ clock: systemClock, env })).rejects.toMatchObject({
    code: 'fetch_failed',
    detail: 'Kafka 4.1.1, by Maven: Could not resolve org.apache.kafka',
  });
  expect(readdirSync(env.TIDEWATCH_KAFKA_CACHE)).toEqual([]);
});

test('a cache that cannot be made is told with the variable that names another', async () => {
  const env = programs({ java: JAVA_17, mvn: MAVEN });
  writeFileSync(env.TIDEWATCH_KAFKA_CACHE, 'a file');
  await expect(findKafka({ clock: systemClock, env })).rejects.toMatchObject({
    code: 'file_missing',
    detail: expect.stringMatching(/EEXIST.*TIDEWATCH_KAFKA_CACHE/),
  });
});

test('a version that is none never reaches Maven', async () => {
  await expect(findKafka({ clock: systemClock, env: {}, version: '-X' })).rejects.toMatchObject({
    code: 'config_invalid',
  });
});
