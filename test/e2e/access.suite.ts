import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openView } from '../console/console.ts';
import { Home, type Up } from './up.ts';

const TOKEN = 'a-token-of-some-length';
const SMALL = `
sources:
  host: { enabled: false }
  demo: { enabled: false }
`;

/** A request whose Host and Origin are what a test wants, which fetch does not allow. */
function ask(port: number, headers: Record<string, string>, method = 'GET', route = '/api/status'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: route, method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', reject);
    sent.end(method === 'POST' ? 'cpu,host=a value=1\n' : undefined);
  });
}

/** Who may call, on loopback and off it. */
export function access(browser: Browser | null): void {
  describe('who may call', () => {
    let home: Home;
    let up: Up;

    beforeAll(async () => {
      home = await Home.make(SMALL);
      home.write('token', `${TOKEN}\n`);
      up = home.start();
      await up.ready();
    });
    afterAll(() => home.remove());

    test('on loopback a foreign Host or Origin is refused, for reading and for writing', async () => {
      const { port } = home;
      expect(await ask(port, {})).toBe(200);
      expect(await ask(port, { host: `localhost:${port}` })).toBe(200);
      expect(await ask(port, { host: 'evil.example' })).toBe(403);
      expect(await ask(port, { host: 'evil.example' }, 'GET', '/')).toBe(403);
      for (const route of ['/api/v2/write', '/api/faults']) {
        expect(await ask(port, { host: 'evil.example' }, 'POST', route)).toBe(403);
        expect(await ask(port, { origin: 'http://evil.example' }, 'POST', route)).toBe(403);
      }
      expect(await ask(port, { origin: home.url }, 'POST', '/api/v2/write')).toBe(204);
    });

    test('off loopback only callers with the token get in, by Bearer, Token and Basic; health is open', async () => {
      expect((await up.end('SIGINT')).code).toBe(0);
      up = home.start({ TIDEWATCH_HTTP_HOST: '0.0.0.0', TIDEWATCH_TOKEN_FILE: 'token' });
      await up.ready();
      expect(up.out).toContain(`listens on ${home.url}`);
      const { port } = home;
      const basic = `Basic ${Buffer.from(`me:${TOKEN}`).toString('base64')}`;
      for (const route of ['/', '/api/status', '/api/entities', '/app.js', '/metrics']) {
        expect([route, await ask(port, {}, 'GET', route)]).toEqual([route, 401]);
        expect([route, await ask(port, { authorization: 'Bearer not-the-token-at-all' }, 'GET', route)]).toEqual([
          route,
          401,
        ]);
      }
      for (const authorization of [`Bearer ${TOKEN}`, `Token ${TOKEN}`, basic])
        expect([authorization, await ask(port, { authorization })]).toEqual([authorization, 200]);
      for (const authorization of [`Bearer ${TOKEN}`, `Token ${TOKEN}`])
        expect(await ask(port, { authorization }, 'POST', '/api/v2/write')).toBe(204);
      // A browser sends Basic with what pages of other sites make it send: it opens nothing that writes.
      expect(await ask(port, { authorization: basic }, 'POST', '/api/v2/write')).toBe(401);
      const foreign = { authorization: basic, origin: 'http://evil.example' };
      for (const route of ['/api/v2/write', '/api/faults']) expect(await ask(port, foreign, 'POST', route)).toBe(403);
      expect(await ask(port, {}, 'POST', '/api/v2/write')).toBe(401);
      expect(await ask(port, {}, 'GET', '/health/live')).toBe(200);
    });

    test('commands beside it find it there and send its token', async () => {
      const env = { TIDEWATCH_HTTP_HOST: '0.0.0.0', TIDEWATCH_TOKEN_FILE: 'token' };
      const { code, err } = await home.cli(['inject', 'leak'], env);
      expect(code).toBe(2);
      expect(err).toMatch(/^error not_found: .*demo fleet is switched off/i);
      const without = await home.cli(['inject', 'leak']);
      expect(without.err).toBe(
        'error unauthorized: The token is missing or wrong. Send Authorization: Bearer TOKEN (or Token TOKEN).\n',
      );
      expect((await home.cli(['doctor'], env)).code).toBe(0);
    });

    test.skipIf(browser === null)('a browser that sends the token as a password has a live console', async () => {
      const view = await openView(browser!, {}, { username: 'me', password: TOKEN });
      try {
        await view.page.goto(home.url);
        await view.page.locator('#connection').getByText('Live').waitFor();
        expect(view.errors).toEqual([]);
      } finally {
        await view.context.close();
      }
    });

    test('the token is nowhere in what the process prints or logs', async () => {
      const { out, err } = await up.end('SIGTERM');
      const log = readFileSync(path.join(home.dataDir, 'tidewatch.log'), 'utf8');
      const password = readFileSync(path.join(home.dataDir, 'postgres.password'), 'utf8').trim();
      for (const text of [out, err, log]) {
        expect(text).not.toContain(TOKEN);
        expect(text).not.toContain(password);
      }
    });
  });
}
