import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LOG_LEVELS, logLevelOf } from '../../core/log-level.ts';

test('the words of the page of formats are counted as it says', () => {
  const page = readFileSync('docs/reference/formats.md', 'utf8');
  const rows = [...page.matchAll(/^\| `log\.(\w+)` \| (.+) \|$/gm)];
  expect(rows.map(([, level]) => level)).toEqual(LOG_LEVELS);
  for (const [, level, words] of rows.filter(([, level]) => level !== 'unknown'))
    for (const word of words!.split(', ')) expect([word, logLevelOf(word.toUpperCase())]).toEqual([word, level]);
});
