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
/** 9 is within a few percent of 11 and takes a tenth of its time. */
const BROTLI_QUALITY = 9;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A file in memory, compressed when first asked for and kept: nobody who only runs the worker pays for it. */
class Asset {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  #br: Buffer | undefined;
  #gzip: Buffer | undefined;

  constructor(path: string) {
    this.plain = readFileSync(path);
    this.type = TYPES[extname(path)]!;
    this.etag = `"${createHash('sha256').update(this.plain).digest('base64url').slice(0, 22)}"`;
  }

  get br(): Buffer {
    this.#br ??= brotliCompressSync(this.plain, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: this.plain.length,
      },
    });
    return this.#br;
  }

  get gzip(): Buffer {
    this.#gzip ??= gzipSync(this.plain, { level: 9 });
    return this.#gzip;
  }
}

/** The console's own files and the chart library, held in memory. */
export function assetRoutes(app: FastifyInstance): void {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'));
  for (const name of readdirSync(CONSOLE)) {
    if (TYPES[extname(name)] === undefined) continue;
    const asset = new Asset(join(CONSOLE, name));
    if (name === 'index.html') for (const page of PAGES) serve(app, page, asset);
    else serve(app, `/console/${name}`, asset);
  }
  serve(app, '/uplot/uPlot.esm.js', new Asset(join(uplot, 'uPlot.esm.js')));
  serve(app, '/uplot/uPlot.min.css', new Asset(join(uplot, 'uPlot.min.css')));
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
