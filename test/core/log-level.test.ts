import { expect, test } from 'vitest';
import { LOG_LEVELS, LOG_METRICS, logLevelOf } from '../../core/log-level.ts';

test.each([
  ['trace', 'TRACE', 'FINEST', 'verbose', 'trace3'],
  ['debug', 'Debug', 'DBG', 'FINE', 'DEBUG4'],
  ['info', 'INFO', 'Information', 'notice', 'INFO2', ' info '],
  ['warn', 'WARNING', 'Warn', 'warn4', 'WRN'],
  ['error', 'ERR', 'SEVERE', 'Error', 'error2'],
  ['fatal', 'CRITICAL', 'crit', 'emerg', 'PANIC', 'Fatal1'],
  ['unknown', '', 'audit', 'error5', 'x'.repeat(256), '__proto__', 'constructor', '17', 'warn error'],
] as const)('%s is what %s and the like stand for', (level, ...words) => {
  for (const word of words) expect([word, logLevelOf(word)]).toEqual([word, level]);
});

test('every level stands for itself and has a metric of its own', () => {
  expect(LOG_LEVELS.map(logLevelOf)).toEqual(LOG_LEVELS);
  expect(new Set(LOG_METRICS).size).toBe(LOG_LEVELS.length);
});
