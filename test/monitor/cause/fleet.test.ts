import { expect, test } from 'vitest';
import { judgeAll, score } from '../../../bench/drift/causes.ts';
import { trainFleet } from '../../../bench/drift/shift-run.ts';
import { MEASURED } from '../../../bench/drift/shifts.ts';
import { SyntheticFleet } from '../../../scenarios/monitor/synthetic.ts';

test('over a simulated fleet nine of ten shifts are told right, and no change of a producer is called genuine', () => {
  const model = trainFleet('simulated', () => new SyntheticFleet(7, 6, 600_000), 14);
  const judged = [...judgeAll(model, [31], MEASURED)];
  const { right, total, producerCalledGenuine } = score(judged);
  const wrong = judged.filter((one) => one.truth !== one.said);
  expect(producerCalledGenuine).toBe(0);
  expect(right / total, wrong.map((one) => `${one.label}: ${one.summary}`).join('\n')).toBeGreaterThanOrEqual(0.9);
}, 60_000);
