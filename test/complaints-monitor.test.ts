/*
 * What operators complain about in tools that watch models, act on them and tell people: each as a test of its own, by
 * the code that decides, serves and tells in production.
 */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../core/clock.ts';
import { notifyConfig, suppressRule } from '../core/config/notify.ts';
import { orThrow } from '../core/errors.ts';
import { FIGURES } from '../core/figures.ts';
import { sha256Hex } from '../core/hash.ts';
import { TRIGGERS } from '../core/trigger-table.ts';
import type { Incident } from '../core/types.ts';
import { modelIdOf } from '../detector/offline.ts';
import { Controller } from '../monitor/controller/controller.ts';
import { messagesFor } from '../monitor/controller/notify.ts';
import { MemoryMonitorStore } from '../monitor/memory/monitor-store.ts';
import { MonitorTables } from '../monitor/memory/tables.ts';
import { incidentMessages } from '../monitor/notify/incidents.ts';
import type { MaintenanceWindow } from '../monitor/notify/ports.ts';
import { suppressedBy } from '../monitor/notify/suppression.ts';
import { trainingSet } from '../monitor/training/dataset.ts';
import { dismissalsOf } from '../monitor/training/dismissals.ts';
import { trainingEffects } from '../monitor/training/effects.ts';
import { MemoryGoldenSets } from '../monitor/training/golden.ts';
import { workHere } from '../monitor/training/work.ts';
import type { Input } from '../monitor/types.ts';
import { CONFIG, MODEL, NORMAL, type Stream, served } from './complaints-site.ts';
import { figure, observation, policyWith, START_MS, Told } from './monitor/decide/make.ts';
import { dataOf, HOP_MS, incidentOf, labelOf, MapRegistry, rowsOf, trainingConfig } from './monitor/training/make.ts';
import { makeIncident } from './store/make.ts';

const RECEIVERS = notifyConfig.parse({
  receivers: [{ name: 'pager', url: 'https://example.org/a', urgencies: ['page', 'ticket', 'info'] }],
});

describe('marking a false positive matters', () => {
  const ref = { modelId: modelIdOf(MODEL), sha256: sha256Hex(MODEL) };
  const strike = (stream: Stream): Incident[] => {
    const before = stream.incidents.length;
    stream.live(8, { ...NORMAL, a: (ms) => ({ ...NORMAL.a(ms)!, latency_ms: NORMAL.a(ms)!.latency_ms! * 1.5 }) });
    stream.live(60, NORMAL);
    return stream.incidents.slice(before).filter(({ entity, kind }) => entity === 'a' && kind === 'anomaly');
  };
  /** The same anomaly twice; what is done about the first. */
  const twice = (about: (first: Incident, stream: Stream) => void): Incident[] => {
    const stream = served(MODEL);
    stream.live(400, NORMAL);
    const first = strike(stream);
    expect(first.length).toBeGreaterThan(0);
    about(first.at(-1)!, stream);
    return strike(stream);
  };

  test('dismissed, its like does not alert again from the next window on; without the dismissal it does', () => {
    expect(twice(() => undefined)).not.toEqual([]);
    const told = Told.withChampion();
    const again = twice((first, stream) => {
      const verdicts = stream.of('a').filter(({ windowStartMs: ms }) => ms >= first.startMs && ms <= first.lastMs);
      const dismissals = dismissalsOf(first, CONFIG.detector.alertRate, verdicts);
      told.sees(observation(1, {}, 'none', { alertRate: CONFIG.detector.alertRate }));
      told.state.serving.champion = ref;
      told.command({ kind: 'dismiss', dismissals, incident: first.id });
      stream.follow(told.state.serving, MODEL);
    });
    expect(again).toEqual([]);
    expect(told.actions.at(-1)).toBe('label');
  });

  test('dismissed, its windows are learned from at the next retraining; confirmed or not spoken of, they are not', async () => {
    const incident = incidentOf('db-1', 100, 110);
    const learned = async (label: 'normal' | 'anomalous' | null) => {
      const labels = label === null ? [] : [labelOf('db-1', 100, 110, label, { incident: incident.id })];
      const data = dataOf({ rows: rowsOf(), incidents: [incident], labels });
      const { rows } = orThrow(await trainingSet(data, trainingConfig(), { toMs: 600 * HOP_MS, quarantine: [] }));
      return rows.filter(
        ({ entity, windowStartMs: ms }) => entity === 'db-1' && ms >= 100 * HOP_MS && ms < 110 * HOP_MS,
      ).length;
    };
    expect([await learned('normal'), await learned('anomalous'), await learned(null)]).toEqual([10, 0, 0]);
  });
});

describe('past incidents do not poison training', () => {
  test('nothing quarantined enters a training set, and the model lists what it saw and what was left out', async () => {
    const quarantine = [{ fromMs: 200 * HOP_MS, toMs: 240 * HOP_MS, entity: null, reason: 'unit_change' }];
    const seen: { entity: string; windowStartMs: number }[] = [];
    const work = workHere(new ManualClock());
    const effects = trainingEffects({
      config: () => trainingConfig(),
      data: dataOf({ rows: rowsOf(), incidents: [incidentOf('web-1', 300, 320)] }),
      registry: new MapRegistry(),
      golden: new MemoryGoldenSets(),
      work: {
        ...work,
        train: (order, signal) => {
          seen.push(...order.rows);
          return work.train(order, signal);
        },
      },
      codeVersion: 'v',
    });
    const order = { id: 'e', decision: 's-1', kind: 'train', seed: 1, quarantine, toMs: 600 * HOP_MS } as const;
    const result = await effects.run(order, new AbortController().signal);
    if (result.kind !== 'trained') throw new Error(JSON.stringify(result));
    const poisoned = seen.filter(
      ({ entity, windowStartMs: ms }) =>
        (ms >= 200 * HOP_MS && ms < 240 * HOP_MS) || (entity === 'web-1' && ms >= 300 * HOP_MS && ms < 320 * HOP_MS),
    );
    expect([seen.length > 1_000, poisoned]).toEqual([true, []]);
    const { lineage } = result;
    expect(lineage).toMatchObject({ rows: seen.length, entities: 6, quarantined: quarantine });
    const reasons = lineage.leftOut.map(({ reason }) => reason).join();
    expect(reasons).toMatch(/unit_change/);
    expect(reasons).toMatch(/incident/);
  });
});

describe('going back touches one model', () => {
  test('a revert of one stream changes what serves it, deletes nothing, and leaves the other as it was', async () => {
    const tables = new MonitorTables();
    const clock = new ManualClock();
    const store = new MemoryMonitorStore(tables, clock);
    const effects = { run: async () => ({ kind: 'served' }) as const };
    const about = { store, clock, effects, policy: () => policyWith(), messages: () => [] };
    const controller = new Controller({ ...about, hold: (await store.hold('test'))! });
    let keys = 0;
    const ask = (stream: string, command: Extract<Input, { kind: 'command' }>['command']) => {
      const key = `c${++keys}`;
      return controller.take(stream, { kind: 'command', key, actor: 'operator:a', atMs: START_MS, command, note: '' });
    };
    for (const stream of ['shop', 'till']) {
      const model = (id: string) =>
        tables.addModel({
          id: `${stream}-${id}`,
          stream,
          artifact: Buffer.from(`${stream} ${id}`),
          lineage: null,
          createdMs: 0,
        });
      await ask(stream, { kind: 'adopt', model: model('old'), trainedMs: START_MS });
      await ask(stream, { kind: 'promote', model: model('new') });
    }
    const of = (stream: string) =>
      JSON.stringify([tables.states.get(stream), tables.serving.get(stream), [...tables.roles.get(stream)!]]);
    const [till, models] = [of('till'), [...tables.models.keys()]];
    const [decision] = await ask('shop', { kind: 'revert' });
    expect(decision).toMatchObject({ action: 'roll_back', result: 'done', model: { modelId: 'shop-old' } });
    expect(tables.serving.get('shop')!.champion!.modelId).toBe('shop-old');
    expect([of('till'), [...tables.models.keys()]]).toEqual([till, models]);
  });
});

describe('a metric that is missing aborts nothing', () => {
  test('no data stands still, and the reason is in the ledger and in what people are told', () => {
    const told = Told.withChampion(policyWith({ inconclusive: '2d' }));
    told.sees(observation(1));
    told.command({ kind: 'retrain' });
    const candidate = { modelId: 'candidate', sha256: 'd' };
    told.answer({ kind: 'trained', model: candidate, lineage: {} as never });
    const { champion } = told.state.serving;
    const evaluation = { candidate, champion, candidateQuality: 0.8, championQuality: 0.8 } as never;
    told.answer({ kind: 'evaluated', evaluation, gates: [] });
    const blind = Object.fromEntries(Object.keys(FIGURES).map((name) => [name, null]));
    for (let h = 2; h < 40; h++)
      told.sees(observation(h, blind, 'none', { champion: null, challenger: null, windows: 0, quality: null }));
    expect(told.state.rollout.phase).toBe('shadow');
    expect(told.actions).not.toContain('roll_back');
    const held = told.decisions.filter(({ result }) => result === 'held');
    expect(held.map(({ reason }) => reason)).toEqual(['Inconclusive: no window was judged by both models.']);
    const [message] = messagesFor(held, RECEIVERS, 0);
    expect(JSON.parse(message!.body).alerts[0].annotations.description).toBe(held[0]!.reason);
  });
});

describe('what keeps an alert back has a name', () => {
  const windows: MaintenanceWindow[] = ['backup', 'deploy'].map((id, i) => ({
    id,
    stream: 'shop',
    entity: i === 0 ? 'db-1' : 'web-1',
    metric: null,
    fromMs: 0,
    toMs: 10_000,
    reason: `the nightly ${id}`,
    actor: 'operator:a',
    createdMs: 0,
    endedMs: null,
    endedBy: null,
  }));
  const rules = ['tiny', 'falls'].map((name, i) =>
    suppressRule.parse(
      i === 0 ? { name, metric: 'cpu', minAbsolute: 5 } : { name, metric: 'queue', direction: 'above' },
    ),
  );
  const incident = (entity: string, metric: string, value: number, startMs = 50_000) =>
    makeIncident({
      stream: 'shop',
      entity,
      startMs,
      lastMs: startMs,
      resolvedMs: null,
      attributions: [{ metric, share: 1, value, expectedLow: 1, expectedHigh: 2 }],
    });

  test.each([
    ['in a maintenance window', incident('web-1', 'cpu', 90, 5_000), 'deploy', 'the nightly deploy'],
    ['in that of another entity', incident('db-1', 'cpu', 90, 5_000), 'backup', 'the nightly backup'],
    ['smaller than asked for', incident('web-1', 'cpu', 3), 'tiny', 'less than 5 off'],
    ['in the other direction', incident('web-1', 'queue', 0), 'falls', 'only above is asked for'],
  ])('an incident %s is told nobody, and says by which rule', (_what, about, name, reason) => {
    const kept = suppressedBy(about, rules, windows);
    expect(kept).toMatchObject({ name, reason: expect.stringContaining(reason) });
    expect(incidentMessages([about], RECEIVERS, () => rules, windows, 0)).toEqual([]);
  });

  test('one that nothing keeps back is told', () => {
    const about = incident('web-1', 'cpu', 90);
    expect(suppressedBy(about, rules, windows)).toBeNull();
    expect(incidentMessages([about], RECEIVERS, () => rules, windows, 0)).toHaveLength(1);
  });
});

describe('no shipped trigger fires on defaults', () => {
  /** Far on the wrong side, and on the good one. */
  const values = ({ figure: name, comparison, limit }: (typeof TRIGGERS)[number]) => {
    const base = typeof limit === 'number' ? limit : 1;
    const [bad, good] = comparison === '<' ? [base / 2, Math.max(1, base * 2)] : [base * 4 + 1, base / 4];
    const own = comparison === 'outside' ? ([0.2, 5] as const) : 1;
    const of = (value: number) => ({ [name]: figure(value, { limit: own }) });
    return comparison === 'outside' ? { bad: of(50), good: of(1) } : { bad: of(bad), good: of(good) };
  };

  test.each(TRIGGERS.map((trigger) => [trigger.name, trigger] as const))(
    '%s is silent on a healthy stream, waits its time, and then speaks once an episode',
    (name, trigger) => {
      const { bad, good } = values(trigger);
      const cause = trigger.causes?.[0] ?? 'none';
      const of = (told: Told) => told.decisions.filter((decision) => decision.trigger === name);
      const healthy = Told.withChampion();
      for (let h = 1; h < 100; h++) healthy.sees(observation(h, good, cause));
      expect(of(healthy)).toEqual([]);
      const faulty = Told.withChampion();
      const due = 1 + Math.ceil(trigger.forMs / 3_600_000);
      for (let h = 1; h < due; h++) faulty.sees(observation(h, bad, cause));
      expect(of(faulty)).toEqual([]);
      for (let h = due; h < due + 20; h++) faulty.sees(observation(h, bad, cause));
      const episodes = of(faulty).map(({ episode }) => episode);
      expect(episodes.length).toBeGreaterThan(0);
      expect(new Set(episodes).size).toBe(episodes.length);
    },
  );
});
