import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TRIGGERS } from '../../../core/trigger-table.ts';
import { SECURITY_HEADERS } from '../../../monitor/api/headers.ts';
import { markdownToHtml } from '../../../monitor/api/markdown.ts';
import { readRunbooks, runbookRoutes } from '../../../monitor/api/runbooks.ts';

const HEADERS = { host: '127.0.0.1:8484' };
const html = (markdown: string) => markdownToHtml(markdown, (target) => (target.startsWith('http') ? target : null));

/** What of Markdown a page still shows; none when every construct of it is known. */
const leftovers = (page: string): string[] =>
  [
    ...page
      .replace(/<pre>.*?<\/pre>|<code>.*?<\/code>/gs, '')
      .replace(/<[^>]+>/g, '\n')
      .matchAll(/\*\*|`|\]\(|^[ \t]*(?:#|[-*] |\d+\. |\|).*$/gm),
  ].map(([found]) => found);

describe('the Markdown of our pages', () => {
  test('headings, paragraphs, lists with an indented one, tables, code and links become elements', () => {
    const page = html(
      [
        '# A *b* `c<d`',
        '',
        'One',
        'two **bold `x`** [there](https://example.org/?a=1&b=2) [nowhere](x.md).',
        '1. first',
        '   goes on',
        '   - inner',
        '2. second',
        '',
        '| a | b |',
        '|---|---|',
        '| 1 | `2` |',
        '```sh',
        'a < b **',
        '```',
      ].join('\n'),
    );
    expect(page.split('\n')).toEqual([
      '<h1>A <em>b</em> <code>c&lt;d</code></h1>',
      '<p>One two <strong>bold <code>x</code></strong> <a href="https://example.org/?a=1&amp;b=2">there</a> nowhere.</p>',
      '<ol><li>first goes on<ul><li>inner</li></ul></li><li>second</li></ol>',
      '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><code>2</code></td></tr></tbody></table>',
      '<pre><code>a &lt; b **</code></pre>',
    ]);
  });

  test('no text becomes an element or an attribute of its own', () => {
    const hostile = fc
      .array(
        fc.constantFrom(
          '<script>',
          '"',
          "' onclick=",
          '[a](http://x"y)',
          '`',
          '**',
          '\n',
          '- ',
          '|',
          '&',
          '#',
          '```',
          ' ',
        ),
        { maxLength: 30 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(hostile, (text) => {
        const tags = [...html(text).matchAll(/<(\/?)([^\s>]*)([^>]*)>/g)];
        for (const [, , name, attributes] of tags) {
          expect(name).toMatch(/^(h[1-4]|p|ul|ol|li|code|pre|strong|em|a|table|thead|tbody|tr|th|td)$/);
          expect(attributes).toMatch(/^( href="[^"]*")?$/);
        }
      }),
    );
  });

  test('the checker of leftovers sees what is not rendered', () => {
    expect(leftovers('<p>a **b** and [c](d)</p>')).toEqual(['**', '**', '](']);
    expect(leftovers('<p>- a</p><pre>- b</pre>')).toEqual(['- a']);
  });
});

describe('runbooks', () => {
  let app: FastifyInstance;
  const get = (url: string) => app.inject({ url, headers: HEADERS });

  beforeAll(async () => {
    app = Fastify({ logger: false });
    await app.register(runbookRoutes);
  });
  afterAll(() => app.close());

  test('every trigger has its page, and all that the file says is on it, with nothing left unrendered', async () => {
    const names = new Set(TRIGGERS.map(({ runbook }) => runbook));
    expect(readRunbooks().map(({ name }) => name)).toEqual(expect.arrayContaining([...names]));
    for (const { name, title } of readRunbooks()) {
      const { statusCode, headers, body } = await get(`/runbooks/${name}`);
      expect([name, statusCode, headers['content-type']]).toEqual([name, 200, 'text/html; charset=utf-8']);
      expect(headers).toMatchObject(SECURITY_HEADERS);
      expect(body).toContain(`<h1>${title.replaceAll('&', '&amp;')}</h1>`);
      expect(leftovers(body), name).toEqual([]);
      const words = (text: string) => text.replace(/&\w+;/g, ' ').match(/[A-Za-z]{4,}/g) ?? [];
      const shown = new Set(words(body.replace(/<[^>]+>/g, ' ')));
      const written = readFileSync(`docs/runbooks/${name}.md`, 'utf8').replace(/\]\([^)]*\)|^```\w*/gm, ' ');
      expect(
        words(written).filter((word) => !shown.has(word)),
        name,
      ).toEqual([]);
      expect(body).not.toContain('<script');
    }
  });

  test('the list names all; a name that is not there is said, with those that are', async () => {
    const all = (await get('/runbooks')).body;
    const missing = await get(`/runbooks/${encodeURIComponent('<b>no')}`);
    expect(missing.statusCode).toBe(404);
    expect(missing.body).toContain('&lt;b&gt;no');
    for (const { name } of readRunbooks()) {
      expect(all).toContain(`href="/runbooks/${name}"`);
      expect(missing.body).toContain(`href="/runbooks/${name}"`);
    }
    expect((await get('/runbooks/..%2F..%2Fpackage.json')).statusCode).toBe(404);
    expect((await get('/runbooks/psi_drift.md')).statusCode).toBe(200);
  });

  test('pages of other sites cannot read them', async () => {
    expect((await app.inject({ url: '/runbooks', headers: { host: 'evil.example' } })).statusCode).toBe(403);
  });
});
