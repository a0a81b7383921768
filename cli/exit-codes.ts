import { type ErrorCode, isInfrastructure } from '../core/errors.ts';

/** What a script can tell from the exit code; docs/reference/cli.md is generated from it. */
export const EXIT = { ok: 0, different: 1, badInput: 2, infrastructure: 3, interrupted: 130 } as const;

export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'Done, and nothing to object to.'],
  [EXIT.different, 'Done, but a comparison found a difference or a check failed.'],
  [EXIT.badInput, 'Wrong usage, or input or configuration that cannot be used.'],
  [EXIT.infrastructure, 'The surroundings failed: port, disk, database, platform, or a bug in Tidewatch.'],
  [EXIT.interrupted, 'Interrupted (128 + SIGINT, as shells say it). Nothing that was acknowledged is lost by it.'],
];

export const exitCodeOf = (code: ErrorCode): number => (isInfrastructure(code) ? EXIT.infrastructure : EXIT.badInput);
