import type { StreamConfig } from '../core/config/stream.ts';
import { LOG_LEVELS, type LogLevel } from '../core/log-level.ts';

/**
 * What a fold has seen since it was made, for those who watch the process. Not part of its state: neither saved nor
 * read by anything that decides.
 */
export class Tallies {
  /** Records of which nothing could be used. */
  refusedRecords = 0;
  /** Those of them that seem to be of another encoding. */
  readonly looksLike = new Map<StreamConfig['encoding'], number>();
  /** Windows that a forest judged or should have judged, and those of them for which it failed. */
  forestWindows = 0;
  forestFailed = 0;
  /** Windows that the fallback judged because more features were missing than in training. */
  gaps = 0;
  readonly events = Object.fromEntries(LOG_LEVELS.map((level) => [level, 0])) as Record<LogLevel, number>;
}
