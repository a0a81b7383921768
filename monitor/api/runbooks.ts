import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { checkSameOrigin } from './guard.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { escapeHtml, markdownToHtml } from './markdown.ts';
import { errorHandler, sendFault } from './problems.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PAGES = join(ROOT, 'docs/runbooks');
const STYLE = join(ROOT, 'monitor/console/runbook.css');
const STYLE_URL = '/runbooks/runbook.css';

interface Runbook {
  name: string;
  title: string;
  markdown: string;
}

/**
 * GET /runbooks and /runbooks/NAME: what to do when a trigger calls, which notifications and the console link to. Plain
 * pages from docs/runbooks, without scripts: they are read at night, on a phone, and where nothing else works any more.
 * Throws at start when the pages are not there, which is a broken installation.
 */
export const runbookRoutes: FastifyPluginAsync = async (app) => {
  const runbooks = readRunbooks();
  const byName = new Map(runbooks.map((runbook) => [runbook.name, runbook]));
  const linkOf = (target: string): string | null => {
    if (/^https?:\/\//.test(target)) return target;
    const name = /^([\w-]+)\.md(?:#.*)?$/.exec(target)?.[1];
    return name !== undefined && byName.has(name) ? addressOf(name) : null;
  };
  app.setErrorHandler(errorHandler);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-cache' });
    const allowed = checkSameOrigin(request.raw);
    if (!allowed.ok) return sendFault(reply, allowed.fault);
  });
  const style = readFileSync(STYLE, 'utf8');
  app.get(STYLE_URL, async (_request, reply) => reply.type('text/css; charset=utf-8').send(style));
  app.get('/runbooks', async (_request, reply) => send(reply, 'Runbooks', `<h1>Runbooks</h1>${list(runbooks)}`));
  app.get<{ Params: { name: string } }>('/runbooks/:name', async (request, reply) => {
    const { name } = request.params;
    const found = byName.get(name.replace(/\.md$/, ''));
    if (found) return send(reply, found.title, markdownToHtml(found.markdown, linkOf));
    const said = `<h1>No such runbook</h1><p>There is none called <code>${escapeHtml(name.slice(0, 100))}</code>. These are there:</p>`;
    return send(reply.code(404), 'No such runbook', said + list(runbooks));
  });
};

/** All of them, by name. */
export function readRunbooks(): Runbook[] {
  const files = readdirSync(PAGES).filter((file) => file.endsWith('.md'));
  return files.sort().map((file) => {
    const markdown = readFileSync(join(PAGES, file), 'utf8');
    const name = file.slice(0, -'.md'.length);
    return { name, title: /^# (.+)$/m.exec(markdown)?.[1] ?? name, markdown };
  });
}

const addressOf = (name: string): string => `/runbooks/${encodeURIComponent(name)}`;

const list = (runbooks: readonly Runbook[]): string =>
  `<ul>${runbooks
    .map(({ name, title }) => `<li><a href="${addressOf(name)}">${escapeHtml(title)}</a> <code>${name}</code></li>`)
    .join('')}</ul>`;

function send(reply: FastifyReply, title: string, body: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · Tidewatch</title>
<link rel="stylesheet" href="${STYLE_URL}">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><nav aria-label="Pages"><a href="/">Tidewatch</a> <a href="/runbooks">All runbooks</a></nav></header>
<main id="main" tabindex="-1">
${body}
</main>
</body>
</html>
`);
}
