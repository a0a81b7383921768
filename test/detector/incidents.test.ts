import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import type { Incident, Verdict } from '../../core/types.ts';
import { IncidentTracker } from '../../detector/incidents.ts';

const RULES = { openAfter: 2, openWithin: 3, closeAfter: 4 };
const WINDOW_MS = 10_000;

const verdict = (window: number, severity: number): Verdict => ({
  stream: 's',
  entity: 'e',
  windowStartMs: window * WINDOW_MS,
  windowMs: WINDOW_MS,
  schemaVersion: 1,
  source: 'forest',
  score: severity,
  pValue: 0.5,
  severity,
  probation: false,
  modelId: 'm',
  calibrationVersion: 1,
  readings: { features: [], values: new Float64Array(), low: new Float64Array(), high: new Float64Array() },
  attributions: [
    { metric: `m${severity}`, share: 1, value: Number.NaN, expectedLow: Number.NEGATIVE_INFINITY, expectedHigh: 1 },
  ],
});

/** One character a window: a digit is its severity, '.' is quiet. What the tracker said after each. */
function follow(windows: string, tracker = new IncidentTracker(), onset = false, from = 0): (Incident | null)[] {
  return [...windows].map((c, i) => tracker.follow(verdict(from + i, c === '.' ? 0.2 : Number(c)), RULES, onset));
}
const opened = (said: (Incident | null)[]): number => said.findIndex((incident) => incident !== null);

describe('an incident', () => {
  test('opens when two of three windows are anomalous, not at one', () => {
    expect(opened(follow('2....2....'))).toBe(-1);
    expect(opened(follow('.2.2'))).toBe(3);
    expect(opened(follow('2..2.'))).toBe(-1);
  });

  test('opens at one window when its source speaks up only once', () => {
    expect(opened(follow('.2', new IncidentTracker(), true))).toBe(1);
  });

  test('is not closed by fewer quiet windows in a row than it takes', () => {
    const said = follow('22...2...2....');
    const closed = said.filter((incident) => incident !== null && incident.resolvedMs !== null);
    expect(closed.map((incident) => incident!.resolvedMs! / WINDOW_MS)).toEqual([14]);
  });

  test('needs as much to open again as the first time', () => {
    const said = follow('22....2...2.2');
    expect(said.map((incident) => incident?.startMs).filter((ms) => ms !== undefined)).toEqual([
      10_000, 10_000, 120_000,
    ]);
  });

  test('keeps the attributions of its peak, and counts its anomalous windows', () => {
    const last = follow('2.297.5').at(-1)!;
    expect([last.peakSeverity, last.attributions[0]!.metric, last.windows]).toEqual([9, 'm9', 4]);
  });

  test('has an id that its start alone decides', () => {
    const [, one] = follow('22');
    const [, other] = follow('99');
    expect(one!.id).toBe(other!.id);
    expect(one!.id).toBe('s/e/anomaly/10000');
  });

  test('goes on bit for bit from any saved state', () => {
    const story = fc.string({ unit: fc.constantFrom('.', '.', '2', '9'), maxLength: 30 });
    fc.assert(
      fc.property(story, story, (before, after) => {
        const tracker = new IncidentTracker();
        follow(before, tracker);
        const writer = new ByteWriter();
        tracker.save(writer);
        const loaded = IncidentTracker.load(new ByteReader(writer.finish()));
        expect(follow(after, loaded, false, before.length)).toEqual(follow(after, tracker, false, before.length));
      }),
    );
  });
});

describe('absence', () => {
  test('opens once, and closes at the return with the whole silence in words', () => {
    const tracker = new IncidentTracker();
    expect(tracker.missing('s', 'e', 0, 60_000)).toMatchObject({
      kind: 'absence',
      resolvedMs: null,
      summary: 'no data for 1 min',
    });
    expect(tracker.missing('s', 'e', 0, 70_000)).toBeNull();
    expect(tracker.returned(150_000)).toMatchObject({ resolvedMs: 150_000, summary: 'no data for 2 min 30 s' });
    expect([tracker.returned(160_000), tracker.absent]).toEqual([null, false]);
  });

  test('stands beside an open anomaly and neither closes the other', () => {
    const tracker = new IncidentTracker();
    follow('22', tracker);
    tracker.missing('s', 'e', 20_000, 80_000);
    expect(tracker.openId).toBe('s/e/anomaly/10000');
    tracker.returned(90_000);
    expect(tracker.openId).toBe('s/e/anomaly/10000');
  });
});
