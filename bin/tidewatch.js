#!/usr/bin/env node
// In a checkout the TypeScript sources run through tsx; a built package has dist/ and no sources. TIDEWATCH_DIST=1 runs
// what `npm run build` made of a checkout.
import { existsSync } from 'node:fs';

const source = new URL('../cli/main.ts', import.meta.url);
if (existsSync(source) && process.env.TIDEWATCH_DIST !== '1') {
  const { register } = await import('tsx/esm/api');
  register();
  await import(source.href);
} else {
  await import(new URL('../dist/cli/main.js', import.meta.url).href);
}
