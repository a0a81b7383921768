import { expect, test } from 'vitest';
import { QualityWatch } from '../../../cli/monitor/quality-watch.ts';
import { ManualClock } from '../../../core/clock.ts';
import { orThrow } from '../../../core/errors.ts';
import { modelIdOf, trainArtifact } from '../../../detector/offline.ts';
import { QUALITY_EVERY_MS, qualityFigure } from '../../../monitor/training/quality-figure.ts';
import { workHere } from '../../../monitor/training/work.ts';
import type { Evaluation } from '../../../monitor/types.ts';
import { dataOf, HOP_MS, MapRegistry, rowsOf, trainingConfig } from '../../monitor/training/make.ts';
import { listener } from '../worker/hand.ts';

const config = trainingConfig();
const ROWS = rowsOf(900);
const ARTIFACT = orThrow(trainArtifact(ROWS.slice(), config, 'profile', { trees: 20 })).artifact;
const toMs = 900 * HOP_MS;

/** atPromotion: what an evaluation found then; null for a champion that was never evaluated. */
function site(atPromotion: number | null = null, rows = ROWS) {
  const registry = new MapRegistry();
  const { modelId } = registry.first(modelIdOf(ARTIFACT), ARTIFACT);
  const evaluation = { basis: 'injected', candidateQuality: atPromotion } as Evaluation;
  const registered = registry.list.bind(registry);
  registry.list = async () => {
    const models = await registered();
    return atPromotion === null ? models : models.map((model) => ({ ...model, evaluation }));
  };
  const deps = { data: dataOf({ rows }), registry, work: workHere(new ManualClock()) };
  let measured = 0;
  const told = listener();
  const stop = new AbortController();
  const watch = new QualityWatch({
    registry,
    training: {
      quality: (of, ask, signal) => {
        measured++;
        return qualityFigure(deps, of, ask, signal);
      },
    },
    logger: told.logger,
    signal: stop.signal,
  });
  return { watch, modelId, told, stop, measured: () => measured };
}

test('an observation never waits: there is nothing until it was measured, then a figure that is 1 at first', async () => {
  const { watch, modelId, measured } = site();
  expect(watch.at(config, modelId, toMs, [])).toBeNull();
  await watch.settle();
  const figure = watch.at(config, modelId, toMs + HOP_MS, [])!;
  expect(figure.relative).toBe(1);
  expect(figure.robustZShare).toBeGreaterThan(0);
  expect(measured()).toBe(1);
});

test('it is measured once a day of event time, and one measurement at a time', async () => {
  const { watch, modelId, measured } = site();
  for (let hours = 0; hours < 24; hours++) watch.at(config, modelId, toMs + hours * 3_600_000, []);
  await watch.settle();
  expect(measured()).toBe(1);
  watch.at(config, modelId, toMs + QUALITY_EVERY_MS, []);
  await watch.settle();
  expect(measured()).toBeLessThanOrEqual(2);
});

test('a champion that was evaluated is held against what it was chosen for', async () => {
  const { watch, modelId } = site(4);
  watch.at(config, modelId, toMs, []);
  await watch.settle();
  expect(watch.at(config, modelId, toMs, [])!.relative).toBeLessThan(0.3);
});

test('another champion has no figure of the one before', async () => {
  const { watch, modelId } = site();
  watch.at(config, modelId, toMs, []);
  await watch.settle();
  expect(watch.at(config, modelId, toMs, [])).not.toBeNull();
  expect(watch.at(config, 'another', toMs, [])).toBeNull();
  await watch.settle();
  expect(watch.at(config, 'another', toMs, [])).toBeNull();
});

test('without enough windows there is no figure, it is said, and it is tried again before the day is over', async () => {
  const { watch, modelId, told } = site(null, ROWS.slice(0, 300));
  const soonMs = 20 * HOP_MS;
  expect(watch.at(config, modelId, soonMs, [])).toBeNull();
  await watch.settle();
  expect(watch.at(config, modelId, soonMs, [])).toBeNull();
  await watch.settle();
  expect(told.said('there is no quality figure yet')).toBeGreaterThanOrEqual(1);
  watch.at(config, modelId, soonMs + config.profile.intervalMs, []);
  await watch.settle();
  expect(told.said('there is no quality figure yet')).toBeGreaterThanOrEqual(2);
});

test('nothing is begun without a champion, or at the end of the process', async () => {
  const { watch, modelId, stop, measured } = site();
  expect(watch.at(config, '', toMs, [])).toBeNull();
  stop.abort();
  expect(watch.at(config, modelId, toMs, [])).toBeNull();
  await watch.settle();
  expect(measured()).toBe(0);
});
