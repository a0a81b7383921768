import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Decision } from '../../../monitor/types.ts';
import { STREAM } from '../monitor/site.ts';
import { type OperatorSite, POLICY } from './site.ts';

/** `tidewatch explain decision`, `ledger verify` and `simulate` on what a live monitor has decided. */
export function ledgerCommands({ database, dir, file, stores, said, asked, settled }: OperatorSite): void {
  describe('the ledger', () => {
    beforeAll(settled);

    test('explain decision latest decides again from the evidence, and agrees', async () => {
      const { code, out } = await said('explain', 'decision', 'latest');
      expect([code, out]).toEqual([0, expect.stringMatching(/^shop-\d+, [\s\S]*\nThe ledger agrees\.\n$/)]);
      expect(await said('explain', 'decision', 'shop-4711')).toMatchObject({ code: 2 });
    });

    test('verify walks the chain and all evidence of a live database', async () => {
      const entries = await stores.monitor.ledger({});
      const { code, out } = await said('ledger', 'verify');
      expect([code, out]).toEqual([
        0,
        `database: ${entries.length} entries, evidence of ${entries.length}, all as written\n`,
      ]);
    });

    const policyFile = (policy: object): string => {
      const name = path.join(dir, 'policy.json');
      writeFileSync(name, JSON.stringify(policy));
      return name;
    };
    type Result = {
      name: string;
      decisions: Decision[];
      compared: { same: boolean; lines: string[] };
      notes: string[];
    };
    const decided = async () => (await stores.monitor.ledger({ stream: STREAM.name })).map(({ decision }) => decision);

    test('the policy in force simulates to exactly the ledger, whole or from a time on', async () => {
      const current = policyFile(POLICY);
      const [whole] = await asked<Result[]>('simulate', '--policy', current, '--from', '30d');
      expect(whole).toMatchObject({ name: 'shop', compared: { same: true, lines: [] }, notes: [] });
      expect(whole!.decisions).toEqual(await decided());
      const half = whole!.decisions[whole!.decisions.length >> 1]!;
      const range = `${new Date(half.atMs).toISOString()}..`;
      const [later] = await asked<Result[]>('simulate', '--policy', current, '--from', range);
      expect(later!.compared.same).toBe(true);
      expect(later!.decisions).toEqual(whole!.decisions.filter(({ atMs }) => atMs >= half.atMs));
      const [byConfig] = await asked<Result[]>('simulate', '--policy', file, '--from', range);
      expect(byConfig).toEqual(later);
    });

    test('another policy decides otherwise, and the difference is told', async () => {
      const without = policyFile({ ...POLICY, approval: false });
      const { out } = await said('simulate', '--policy', without, '--from', '30d');
      expect(out).toMatch(/− .*await_approval/);
      expect(out).toMatch(/\+ .*start_shadow/);
    });

    test('a span in which nothing was taken, and text that is none, are refused', async () => {
      const current = policyFile(POLICY);
      for (const from of ['2020-01-01..2020-02-01', '2026-02-01..2026-01-01', 'nowhere'])
        expect(await said('simulate', '--policy', current, '--from', from)).toMatchObject({ code: 2 });
    });

    test('a changed byte of evidence is found, and the decision no longer explains itself', async () => {
      const { evidence, decision } = (await stores.monitor.decision('latest'))!;
      await database.pool.query('ALTER TABLE evidence DISABLE TRIGGER ALL');
      await database.pool.query(
        'UPDATE evidence SET bytes = set_byte(bytes, 5, get_byte(bytes, 5) # 1) WHERE sha256 = $1',
        [evidence],
      );
      const verified = await said('ledger', 'verify');
      expect([verified.code, verified.out]).toEqual([1, expect.stringContaining(`${decision.id}: evidence_altered`)]);
      const explained = await said('explain', 'decision', decision.id);
      expect([explained.code, explained.out]).toEqual([1, expect.stringContaining('THE LEDGER DISAGREES.')]);
    });
  });
}
