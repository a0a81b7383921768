import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAGES } from '../../cli/docs/pages.ts';

test.each(Object.keys(PAGES))('%s is what the code makes of it (npm run docs)', (file) => {
  expect(readFileSync(file, 'utf8')).toBe(PAGES[file]!());
});
