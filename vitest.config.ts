import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, longest first: begun last, it would leave the other process with nothing to do. */
const LONGEST = ['test/e2e/', 'test/scenarios/monitor/', 'test/console/', 'test/cli/', 'test/security/', 'test/build.'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((start) => moduleId.includes(`/${start}`));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One PostgreSQL and one Kafka for the run, each started by the first test that wants it.
    globalSetup: ['test/postgres.ts', 'test/kafka.ts'],
    // Processes, since tests start servers and fold big states; two, since that is what small machines have.
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    // The first start of PostgreSQL on a slow disk.
    hookTimeout: 90_000,
    teardownTimeout: 30_000,
    // A test that only passes the second time is a fault to find.
    retry: 0,
  },
});
