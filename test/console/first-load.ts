import type { Browser } from 'playwright-core';
import { openView, visit } from './console.ts';

/** What fits in a packet is not worth compressing. */
const PLAIN_AT_MOST_BYTES = 1_400;

export interface FirstLoad {
  /** Everything as it went over the wire, headers included. */
  sizeKb: number;
  /** Of that, answers about what the monitor has seen. */
  observedKb: number;
  files: number;
  readyMs: number;
  /** Addresses of answers that should have been compressed. */
  plain: string[];
  errors: string[];
}

/** A page opened in a profile of its own, with nothing in any cache. */
export async function firstLoad(browser: Browser, url: string): Promise<FirstLoad> {
  const view = await openView(browser);
  const plain: string[] = [];
  const sizes: Promise<{ bytes: number; observed: boolean }>[] = [];
  view.page.on('requestfinished', (request) => {
    sizes.push(
      request.sizes().then(async ({ responseBodySize, responseHeadersSize }) => {
        const encoding = (await request.response())?.headers()['content-encoding'];
        if (encoding === undefined && responseBodySize > PLAIN_AT_MOST_BYTES) plain.push(request.url());
        return {
          bytes: responseBodySize + responseHeadersSize,
          observed: new URL(request.url()).pathname.startsWith('/api/observations/'),
        };
      }),
    );
  });
  const started = performance.now();
  await visit(view.page, url);
  const readyMs = performance.now() - started;
  const done = await Promise.all(sizes);
  const kb = (of: typeof done) => of.reduce((sum, { bytes }) => sum + bytes, 0) / 1024;
  await view.context.close();
  return {
    sizeKb: kb(done),
    observedKb: kb(done.filter(({ observed }) => observed)),
    files: done.length,
    readyMs,
    plain,
    errors: view.errors,
  };
}
