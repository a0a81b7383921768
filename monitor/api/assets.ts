import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const CONSOLE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'console');
/** Addresses of pages; all of them are the one document, which reads the address. */
const PAGES = ['/', '/incidents', '/incidents/*', '/entities/*', '/pipeline'];
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface Asset {
  type: string;
  etag: string;
  plain: Buffer;
  br: Buffer;
  gzip: Buffer;
}

/** The console's own files and the chart library, read and compressed once, held in memory. */
export function assetRoutes(app: FastifyInstance): void {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'));
  for (const name of readdirSync(CONSOLE)) {
    if (TYPES[extname(name)] === undefined) continue;
    const asset = load(join(CONSOLE, name));
    if (name === 'index.html') for (const page of PAGES) serve(app, page, asset);
    else serve(app, `/console/${name}`, asset);
  }
  serve(app, '/uplot/uPlot.esm.js', load(join(uplot, 'uPlot.esm.js')));
  serve(app, '/uplot/uPlot.min.css', load(join(uplot, 'uPlot.min.css')));
}

function load(path: string): Asset {
  const plain = readFileSync(path);
  return {
    type: TYPES[extname(path)]!,
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    plain,
    br: brotliCompressSync(plain, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
    }),
    gzip: gzipSync(plain, { level: 9 }),
  };
}

function serve(app: FastifyInstance, url: string, asset: Asset): void {
  app.get(url, (request, reply) => answer(request, reply, asset));
}

function answer(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  // Asking each time costs a round trip on this machine and never shows a page of one version with code of another.
  reply.headers({ 'cache-control': 'no-cache', etag: asset.etag, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
  reply.header('content-type', asset.type);
  const accepted = String(request.headers['accept-encoding'] ?? '');
  if (/\bbr\b/.test(accepted)) return reply.header('content-encoding', 'br').send(asset.br);
  if (/\bgzip\b/.test(accepted)) return reply.header('content-encoding', 'gzip').send(asset.gzip);
  return reply.send(asset.plain);
}
