/** Levels that events are counted by, least severe first; whatever a sender calls its own, it is one of these. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'unknown'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Other words for them: of syslog (RFC 5424), log4j, java.util.logging, Python, .NET, zap and glog. OpenTelemetry's
 * short names are the levels themselves with a digit, `error2`.
 */
const SYNONYMS: Readonly<Record<Exclude<LogLevel, 'unknown'>, readonly string[]>> = {
  trace: ['trc', 'finest', 'finer', 'verbose', 'silly'],
  debug: ['dbg', 'fine', 'dev'],
  info: ['inf', 'information', 'informational', 'notice', 'config', 'log', 'normal', 'default'],
  warn: ['warning', 'wrn'],
  error: ['err', 'severe', 'failure', 'fail'],
  fatal: ['critical', 'crit', 'alert', 'emerg', 'emergency', 'panic', 'dpanic'],
};

const BY_WORD: ReadonlyMap<string, LogLevel> = new Map(
  Object.entries(SYNONYMS).flatMap(([level, words]) =>
    [level, ...words].map((word): [string, LogLevel] => [word, level as LogLevel]),
  ),
);
const LONGEST_WORD = 16;

/** Metrics that the log events of an entity become: how many of a level came in a window. */
/** Whether a metric is a count of log events. An entity has it from its first event on, so its absence says nothing. */
export const isEventCount = (metric: string): boolean => metric.startsWith('log.');

export const LOG_METRICS = LOG_LEVELS.map((level) => `log.${level}`);

/** Level that a sender's word stands for, whatever its case; `unknown` for none and for words of its own. */
export function logLevelOf(word: string): LogLevel {
  const known = BY_WORD.get(word);
  if (known !== undefined) return known;
  if (word.length > LONGEST_WORD) return 'unknown';
  return (
    BY_WORD.get(
      word
        .trim()
        .toLowerCase()
        .replace(/[1-4]$/, ''),
    ) ?? 'unknown'
  );
}
