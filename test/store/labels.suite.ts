import { describe, expect, it } from 'vitest';
import type { Incident, Verdict } from '../../core/types.ts';
import { holding } from '../../monitor/labels/holding.ts';
import { type LabelStore, MAX_OFFERS, type OfferStore } from '../../monitor/labels/ports.ts';
import { placeOf } from '../../monitor/labels/sample.ts';
import { makeIncident, makeVerdict } from './make.ts';
import { makeLabel, T0 } from './monitor-make.ts';

export interface LabelsUnderTest {
  labels: LabelStore;
  offers: OfferStore;
  judge(verdicts: Verdict[], incidents?: Incident[]): Promise<void>;
}

/** What every LabelStore and OfferStore must do, whatever keeps them. */
export function labelsSuite(name: string, make: () => Promise<LabelsUnderTest>): void {
  const hour = Array.from({ length: 1_000 }, (_, i) =>
    makeVerdict({ entity: `größe-${i % 10}`, windowStartMs: T0 + Math.floor(i / 10) * 10_000 }),
  );

  describe(`${name} as a LabelStore`, () => {
    it('keeps what was said first under an id, and gives the newest first', async () => {
      const { labels } = await make();
      const first = makeLabel({ note: 'größe "\\', weight: 20, incident: null });
      const second = makeLabel({ id: 'label-2', label: 'anomalous', incident: 'i1' });
      const later = makeLabel({
        id: 'label-3',
        entity: 'web-2',
        fromMs: T0 + 10_000,
        toMs: T0 + 20_000,
        createdMs: 2_000,
      });
      for (const label of [first, second, later, { ...first, label: 'anomalous' as const }]) await labels.add(label);
      // of two of one millisecond the one that came later is the newer
      expect(await labels.list({})).toEqual([later, second, first]);
      expect(await labels.list({ stream: 'hosts', entity: 'web-1', limit: 1 })).toEqual([second]);
      expect(await labels.list({ incident: 'i1' })).toEqual([second]);
      expect(await labels.list({ stream: 'other' })).toEqual([]);
      expect(await labels.list({ fromMs: T0 + 10_000 })).toEqual([later]);
      expect(await labels.list({ toMs: T0 + 10_000 })).toEqual([second, first]);
      const all = await labels.list({});
      expect(holding(all, 'web-1', T0 + 9_999)).toEqual(second);
      expect(holding(all, 'web-1', T0 + 10_000)).toBeNull();
    });

    it('refuses a label of no time, of months, or of no weight', async () => {
      const { labels } = await make();
      const wrong = [
        { toMs: T0 },
        { toMs: T0 + 32 * 86_400_000 },
        { weight: 0.5 },
        { weight: Number.NaN },
        { fromMs: 0.5 },
      ];
      for (const change of [...wrong, { note: 'x'.repeat(4_001) }])
        await expect(labels.add(makeLabel(change))).rejects.toMatchObject({ code: 'request_invalid' });
      expect(await labels.list({})).toEqual([]);
    });
  });

  describe(`${name} as an OfferStore`, () => {
    it('offers the quiet windows below the probability, and the same ones again', async () => {
      const { offers, judge } = await make();
      await judge(hour);
      const wanted = hour.filter((v) => placeOf(v) < 0.02).map((v) => `${v.entity} ${v.windowStartMs}`);
      expect(wanted.length).toBeGreaterThan(5);
      expect(await offers.offer('hosts', T0, T0 + 1_000_000, 0.02)).toBe(wanted.length);
      expect(await offers.offer('hosts', T0, T0 + 1_000_000, 0.02)).toBe(0);
      const got = await offers.offers({ stream: 'hosts' });
      expect(got.map((o) => `${o.entity} ${o.fromMs}`).sort()).toEqual(wanted.sort());
      for (const offer of got) expect(offer).toMatchObject({ probability: 0.02, offeredMs: 1_000, label: null });
      expect(await offers.offer('other', T0, T0 + 1_000_000, 1)).toBe(0);
      expect(await offers.offer('hosts', T0 + 1_000_000, T0 + 2_000_000, 1)).toBe(0);
    });

    it('offers fewer when there are many, and says how likely each was', async () => {
      const { offers, judge } = await make();
      await judge(hour);
      expect(await offers.offer('hosts', T0, T0 + 1_000_000, 0.9)).toBe(MAX_OFFERS);
      const places = hour.map(placeOf).sort((a, b) => a - b);
      const got = await offers.offers({});
      for (const { probability } of got) expect(probability).toBe(places[MAX_OFFERS]);
      // what the sample weighs is about what it stands for
      const weight = got.reduce((sum, o) => sum + 1 / o.probability, 0);
      expect(weight).toBeGreaterThan(600);
      expect(weight).toBeLessThan(1_600);
    });

    it('offers nothing that alerted, is on probation, or lies in an incident', async () => {
      const { offers, judge } = await make();
      const at = (entity: string, change: Partial<Verdict> = {}) =>
        makeVerdict({ entity, windowStartMs: T0, ...change });
      const incidents = [
        makeIncident({ id: 'i1', entity: 'in', startMs: T0 - 60_000, lastMs: T0 + 1 }),
        makeIncident({ id: 'i2', entity: 'before', startMs: T0 - 60_000, lastMs: T0 }),
        makeIncident({ id: 'i3', entity: 'elsewhere', stream: 'other', startMs: T0, lastMs: T0 + 10_000 }),
      ];
      const verdicts = [
        at('loud', { severity: 1.1 }),
        at('new', { probation: true }),
        at('in'),
        at('before'),
        at('elsewhere'),
      ];
      await judge(verdicts, incidents);
      expect(await offers.offer('hosts', T0, T0 + 1, 1)).toBe(2);
      expect((await offers.offers({})).map((o) => o.entity).sort()).toEqual(['before', 'elsewhere']);
    });

    it('knows which of its offers were answered', async () => {
      const { offers, labels, judge } = await make();
      await judge([makeVerdict({ windowStartMs: T0 }), makeVerdict({ windowStartMs: T0 + 10_000 })]);
      expect(await offers.offer('hosts', T0, T0 + 60_000, 1)).toBe(2);
      const [second, first] = await offers.offers({ unanswered: true });
      expect([first!.fromMs, second!.fromMs]).toEqual([T0, T0 + 10_000]);
      await labels.add(makeLabel({ id: 'a', fromMs: first!.fromMs, toMs: first!.toMs }));
      await labels.add(makeLabel({ id: 'b', fromMs: first!.fromMs, toMs: first!.toMs }));
      expect(await offers.offers({ unanswered: true })).toEqual([second]);
      expect((await offers.offers({ limit: 2 })).map((o) => o.label)).toEqual([null, 'b']);
    });
  });
}
