import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One PostgreSQL and one Kafka for the run, each started by the first test that wants it.
    globalSetup: ['test/postgres.ts', 'test/kafka.ts'],
    // Processes, since tests start servers and fold big states; two, since that is what small machines have.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    // The first start of PostgreSQL on a slow disk.
    hookTimeout: 90_000,
    teardownTimeout: 30_000,
    // A test that only passes the second time is a fault to find.
    retry: 0,
  },
});
