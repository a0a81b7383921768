import { describe, expect, it } from 'vitest';
import {
  type AuditEntry,
  type AuditStore,
  MAX_TOKENS,
  type StoredToken,
  type TokenStore,
} from '../../monitor/access/ports.ts';
import {
  LATENCY_BUCKETS,
  latencyBucket,
  latencyQuantile,
  type ServingStats,
  type ServingStatsStore,
} from '../../monitor/serving-stats.ts';

export interface AccessUnderTest {
  tokens: TokenStore;
  audit: AuditStore;
  stats: ServingStatsStore;
}

const token = (id: string, createdMs = 1_000): Omit<StoredToken, 'revokedMs'> => ({
  id,
  name: 'größe',
  scopes: ['read', 'operate'],
  hash: 'ab'.repeat(32),
  createdMs,
  expiresMs: null,
});

/** What every TokenStore, AuditStore and ServingStatsStore must do, whatever keeps them. */
export function accessSuite(name: string, make: () => Promise<AccessUnderTest>): void {
  describe(`${name} as a TokenStore`, () => {
    it('keeps a token until it is revoked, and knows it afterwards', async () => {
      const { tokens } = await make();
      await tokens.add(token('a'));
      await tokens.add({ ...token('b', 2_000), expiresMs: 3_000, scopes: [] });
      expect(await tokens.get('a')).toEqual({ ...token('a'), revokedMs: null });
      expect(await tokens.get('none')).toBeNull();
      await expect(tokens.add(token('a'))).rejects.toMatchObject({ code: 'request_invalid' });
      expect(await tokens.revoke('a', 5_000)).toBe(true);
      expect(await tokens.revoke('a', 6_000)).toBe(false);
      expect(await tokens.revoke('none', 6_000)).toBe(false);
      expect((await tokens.list()).map((t) => [t.id, t.expiresMs, t.revokedMs])).toEqual([
        ['b', 3_000, null],
        ['a', null, 5_000],
      ]);
    });

    it('has a limit that revoked and expired tokens do not count in', async () => {
      const { tokens } = await make();
      await Promise.all(Array.from({ length: MAX_TOKENS }, (_, i) => tokens.add(token(`t${i}`))));
      await expect(tokens.add(token('more'))).rejects.toMatchObject({ code: 'request_invalid' });
      await tokens.revoke('t0', 1);
      await tokens.add({ ...token('short'), expiresMs: 2_000 });
      await expect(tokens.add(token('more'))).rejects.toThrow(/revoke some/);
      await tokens.add(token('more', 2_000));
    });
  });

  describe(`${name} as an AuditStore`, () => {
    it('tells who did what, newest first', async () => {
      const { audit } = await make();
      const entry = (atMs: number, change: Partial<AuditEntry> = {}): AuditEntry => ({
        atMs,
        actor: 'operator:ada',
        action: 'POST /api/models/m1/promote',
        subject: 'hosts',
        outcome: 'done',
        detail: 'größe',
        ...change,
      });
      const all = [entry(1), entry(2, { actor: '127.0.0.1', outcome: 'refused' }), entry(2, { outcome: 'failed' })];
      for (const one of all) await audit.append(one);
      expect(await audit.list({})).toEqual([...all].reverse());
      expect(await audit.list({ actor: 'operator:ada', limit: 1 })).toEqual([all[2]]);
      expect(await audit.list({ fromMs: 1, toMs: 2 })).toEqual([all[0]]);
    });
  });

  describe(`${name} as a ServingStatsStore`, () => {
    it('adds up what every owner of every partition wrote last', async () => {
      const { stats } = await make();
      const row = (change: Partial<ServingStats>): ServingStats => {
        const latency = Array.from({ length: LATENCY_BUCKETS }, () => 0);
        latency[latencyBucket(100)] = 1;
        return { stream: 'hosts', partition: 0, startMs: 0, epoch: 1, windows: 10, errors: 1, latency, ...change };
      };
      await stats.put([row({}), row({ windows: 20 })]);
      await stats.put([row({ epoch: 2 }), row({ partition: 1 }), row({ startMs: 60 }), row({ stream: 'other' })]);
      const totals = await stats.read('hosts', 0, 60);
      expect(totals).toMatchObject({ windows: 40, errors: 3 });
      expect(totals!.latency[latencyBucket(100)]).toBe(3);
      expect(await stats.read('hosts', 0, 61)).toMatchObject({ windows: 50 });
      expect(await stats.read('hosts', 61, 99)).toBeNull();
    });

    it('answers a quantile at most 9 % too high', () => {
      for (const latencyMs of [1, 3, 7.7, 100, 5_000, 60_000]) {
        const latency = Array.from({ length: LATENCY_BUCKETS }, () => 0);
        latency[latencyBucket(latencyMs)] = 5;
        const found = latencyQuantile(latency, 0.99)!;
        expect(found).toBeGreaterThanOrEqual(latencyMs * (1 - 1e-12));
        expect(found / latencyMs).toBeLessThan(1.0906);
      }
      expect(latencyBucket(1e12)).toBe(LATENCY_BUCKETS - 1);
      expect(latencyBucket(0)).toBe(0);
      expect(latencyQuantile([0, 0], 0.5)).toBeNull();
    });
  });
}
