import { readdirSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { SHARED_PROCESS_VARIABLE } from './test/kafka-process.ts';

/** What takes longest, longest first: begun last, it would leave the other process with nothing to do. */
const LONGEST = ['test/e2e/', 'test/scenarios/monitor/', 'test/console/', 'test/cli/', 'test/security/', 'test/build.'];

/**
 * Rooms whose test files run one after another in the same process, so that what they import is loaded once. They
 * leave nothing behind and replace no modules.
 */
const TOGETHER = /^test\/(bench|cli|core|dashboards|detector|ingest|monitor|scenarios|store)\//;
/** Except for what speaks Kafka, whose client is changed before its first load (test/kafka.ts sees to it), and what is long. */
const ALONE = [
  /kafka/,
  /^test\/cli\/(operating|services|transfer|worker\/(process|scraped))/,
  /^test\/bench\/pipeline\/section/,
  /^test\/scenarios\/monitor\/tell/,
  /^test\/dashboards\/(prometheus|runs|views)\//,
];
const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((file) => path.posix.join('test', ...file.split(path.sep)))
  .filter((file) => file.endsWith('.test.ts'));
const together = new Set(files.filter((file) => TOGETHER.test(file) && !ALONE.some((what) => what.test(file))));

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification): number => {
      const found = LONGEST.findIndex((start) => moduleId.includes(`/${start}`));
      // a process goes on to the next file of its kind, so the two kinds do not alternate
      return (project.name === 'together' ? LONGEST.length + 1 : 0) + (found < 0 ? LONGEST.length : found);
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

const common = {
  // Processes, since tests start servers and fold big states; two, since that is what small machines have.
  pool: 'forks',
  maxWorkers: 2,
  testTimeout: 30_000,
  // The first start of PostgreSQL on a slow disk.
  hookTimeout: 90_000,
  teardownTimeout: 30_000,
  // A test that only passes the second time is a fault to find.
  retry: 0,
} as const;

export default defineConfig({
  test: {
    ...common,
    // One PostgreSQL and one Kafka for the run, each started by the first test that wants it.
    globalSetup: ['test/postgres.ts', 'test/kafka.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...common, name: 'alone', include: files.filter((file) => !together.has(file)) } },
      {
        test: {
          ...common,
          name: 'together',
          isolate: false,
          env: { [SHARED_PROCESS_VARIABLE]: '1' },
          include: [...together],
        },
      },
    ],
  },
});
