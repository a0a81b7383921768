import type { ErrorCode } from '../core/errors.ts';

/** What a script can tell from the exit code; docs/reference/cli.md is generated from it. */
export const EXIT = { ok: 0, different: 1, badInput: 2, infrastructure: 3, interrupted: 130 } as const;

export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'Done, and nothing to object to.'],
  [EXIT.different, 'Done, but a comparison found a difference or a check failed.'],
  [EXIT.badInput, 'Wrong usage, or input or configuration that cannot be used.'],
  [EXIT.infrastructure, 'The surroundings failed: port, disk, database, platform, or a bug in Tidewatch.'],
  [EXIT.interrupted, 'Interrupted (128 + SIGINT, as shells say it). Nothing that was acknowledged is lost by it.'],
];

const INFRASTRUCTURE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'port_taken',
  'already_running',
  'disk_full',
  'overloaded',
  'stands_by',
  'database_unavailable',
  'database_refused',
  'database_not_migrated',
  'database_newer',
  'broker_unavailable',
  'broker_refused',
  'topic_missing',
  'log_truncated',
  'stalled',
  'platform_unsupported',
  'program_missing',
  'fetch_failed',
]);

export const exitCodeOf = (code: ErrorCode): number => (INFRASTRUCTURE.has(code) ? EXIT.infrastructure : EXIT.badInput);
