import { expect, test } from 'vitest';
import type { TokenScope } from '../../../monitor/access/ports.ts';
import { Access, may, mint } from '../../../monitor/access/tokens.ts';
import { MemoryTokens } from '../../../monitor/memory/access.ts';

async function withToken(scopes: TokenScope[], expiresMs: number | null = null) {
  const tokens = new MemoryTokens();
  const { token, stored } = mint('night shift', scopes, 1_000, expiresMs);
  await tokens.add(stored);
  const time = { ms: 2_000 };
  const access = new Access({ tokens, master: undefined, open: false, now: () => time.ms });
  return { tokens, token, stored, access, time };
}

test('a token says who calls and what they may do, and nothing that is stored gives it away', async () => {
  const { access, token, stored } = await withToken(['operate']);
  expect(await access.who(token)).toEqual({
    ok: true,
    value: { actor: 'operator:night shift', scopes: ['operate'] },
  });
  expect(JSON.stringify(stored)).not.toContain(token.slice(-43));
});

test.each([
  ['none', ''],
  ['one of another shape', 'letmein'],
  ['one with an id that does not exist', `tw_000000000000_${'a'.repeat(43)}`],
])('%s is refused', async (_what, presented) => {
  const { access } = await withToken(['read']);
  expect(await access.who(presented)).toMatchObject({ fault: { code: 'unauthorized', detail: '' } });
});

test('one whose secret differs by a letter is refused', async () => {
  const { access, token } = await withToken(['read']);
  const last = token.at(-1) === 'A' ? 'B' : 'A';
  expect((await access.who(token.slice(0, -1) + last)).ok).toBe(false);
});

test('an expired or revoked token is refused like an unknown one', async () => {
  const { access, token, tokens, stored, time } = await withToken(['read'], 5_000);
  expect((await access.who(token)).ok).toBe(true);
  time.ms = 5_000;
  expect(await access.who(token)).toMatchObject({ fault: { code: 'unauthorized', detail: '' } });
  time.ms = 2_000;
  await tokens.revoke(stored.id, 2_000);
  expect(await access.who(token)).toMatchObject({ fault: { code: 'unauthorized', detail: '' } });
});

test('without a token all is open on loopback alone, and a wrong token is refused there too', async () => {
  const at = (open: boolean) => new Access({ tokens: null, master: 'the one of the file', open, now: () => 0 });
  expect(await at(true).who('')).toMatchObject({ value: { actor: 'operator:local' } });
  expect((await at(false).who('')).ok).toBe(false);
  expect((await at(true).who('a wrong one')).ok).toBe(false);
  expect(await at(false).who('the one of the file')).toMatchObject({ value: { actor: 'operator:token' } });
});

test('a wider scope holds the narrower ones, never the other way round', () => {
  const allowed = (held: TokenScope) =>
    (['read', 'operate', 'admin'] as const).filter((s) => may({ actor: 'operator:x', scopes: [held] }, s));
  expect([allowed('read'), allowed('operate'), allowed('admin')]).toEqual([
    ['read'],
    ['read', 'operate'],
    ['read', 'operate', 'admin'],
  ]);
});
