/** Set where several test files run in one process, by vitest.config.ts. */
export const SHARED_PROCESS_VARIABLE = 'TIDEWATCH_TEST_SHARED_PROCESS';

/**
 * The client of Kafka is changed before it is loaded for the first time, so a process in which an earlier test file has
 * loaded it would read records in another way than the program does.
 */
export function refuseSharedProcess(env: NodeJS.ProcessEnv): void {
  if (env[SHARED_PROCESS_VARIABLE] !== undefined)
    throw new Error(
      'a test that speaks Kafka wants a process of its own: name its file under ALONE in vitest.config.ts',
    );
}
