import { beforeAll, describe, expect, test } from 'vitest';
import { labelledWindows } from '../../../cli/monitor/labelled.ts';
import type { Incident } from '../../../core/types.ts';
import { STREAM } from '../monitor/site.ts';
import type { OperatorSite } from './site.ts';

/** `tidewatch labels`, and what observations make of labels. */
export function labelCommands({ stores, stream, state, said, lastDecision }: OperatorSite): void {
  describe('labels', () => {
    let incidents: Incident[] = [];
    const version = async () => (await state()).serving.calibration?.version ?? 1;

    beforeAll(async () => {
      await stream.follow();
      await stream.pass(30);
      await stream.pass(5, 4);
      await stream.pass(40, 1);
      incidents = (await stores.reader.incidents({ stream: STREAM.name, limit: 100 })).filter(
        ({ kind, resolvedMs }) => kind === 'anomaly' && resolvedMs !== null,
      );
      expect(incidents.length).toBeGreaterThan(1);
    });

    test('confirm keeps a label and changes nothing that serves', async () => {
      const before = await version();
      const { out } = await said('labels', 'confirm', incidents[0]!.id, '--note', 'it was');
      expect(out).toBe(`Incident ${incidents[0]!.id} is confirmed.\n`);
      expect(await version()).toBe(before);
    });

    test('dismiss changes the calibration at once, by a decision that names its incident', async () => {
      const before = await version();
      const { id, entity } = incidents[1]!;
      expect((await said('labels', 'dismiss', id)).out).toMatch(/is dismissed\.\nshop-\d+: label, done\. /);
      expect(await version()).toBe(before + 1);
      expect((await state()).serving.calibration?.dismissals).toMatchObject([{ entity }]);
      expect((await lastDecision()).reason).toContain(id);
      expect((await stream.follow()).map(({ kind }) => kind)).toContain('calibration');
    });

    test('annotate says of windows what they are; the newest label about a window holds', async () => {
      const { startMs, lastMs, entity } = incidents[0]!;
      const span = [startMs, lastMs].map((ms) => new Date(ms).toISOString()).join('..');
      await said('labels', 'annotate', `shop/${entity}`, span, 'normal', '--note', 'it was a test');
      const { out } = await said('labels', 'list', STREAM.name);
      expect(out.split('\n')[0]).toMatch(new RegExp(`^shop/${entity} .* normal {2}operator.* {2}it was a test$`));
      expect(out).toContain('anomalous');
      const about = { fromMs: startMs - 60_000, toMs: lastMs + 60_000 };
      const windows = await labelledWindows(stores, STREAM.name, stream.modelId, about);
      const of = windows.filter((window) => window.entity === entity);
      expect(of.length).toBe((lastMs - startMs) / 1_000);
      expect(new Set(of.map(({ anomalous }) => anomalous))).toEqual(new Set([false]));
      expect(windows.some((window) => window.entity === incidents[1]!.entity && !window.anomalous)).toBe(true);
      expect(await labelledWindows(stores, STREAM.name, 'another-model', about)).toEqual([]);
    });

    test.each([
      [['labels', 'confirm', 'no-such-incident'], 'Incident no-such-incident'],
      [['labels', 'annotate', 'web-1', '2026-01-05..2026-01-06', 'normal'], 'STREAM/ENTITY'],
      [['labels', 'annotate', 'shop/web-1', '7d', 'normal'], 'FROM..TO'],
      [['labels', 'annotate', 'shop/web-1', '2026-01-06..2026-01-05', 'normal'], 'the earlier one first'],
      [['labels', 'annotate', 'shop/web-1', '2026-01-05..2026-01-06', 'odd'], 'label'],
      [['labels', 'annotate', 'shoop/web-1', '2026-01-05..2026-01-06', 'normal'], 'Stream shoop'],
    ])('%j is refused, and says why', async (args, why) => {
      expect(await said(...args)).toMatchObject({ code: 2, error: expect.stringContaining(why) });
    });
  });
}
