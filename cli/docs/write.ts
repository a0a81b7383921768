import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { print } from '../ui/output.ts';
import { PAGES } from './pages.ts';

/** `npm run docs`: writes every generated page. */
for (const [file, page] of Object.entries(PAGES)) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, page());
  print(`wrote ${file}`);
}
