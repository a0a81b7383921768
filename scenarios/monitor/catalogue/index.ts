import type { Scenario } from '../scenario.ts';
import { badChallenger } from './bad-challenger.ts';
import { budgetExhausted } from './budget-exhausted.ts';
import { calibrationShift } from './calibration-shift.ts';
import { championGoneBad } from './champion-gone-bad.ts';
import { gradualDrift } from './gradual-drift.ts';
import { healthyMonth } from './healthy-month.ts';
import { killedAtEachStep } from './killed-at-each-step.ts';
import { metricDropped } from './metric-dropped.ts';
import { missingAndLate } from './missing-and-late.ts';
import { moreAnomalies } from './more-anomalies.ts';
import { plainIsEnough } from './plain-is-enough.ts';
import { suddenChange } from './sudden-change.ts';
import { unitChange } from './unit-change.ts';
import { volumeSpike } from './volume-spike.ts';

/** Every scenario, in the order in which they are listed. A new one is a file beside this and a line here. */
export const SCENARIOS: readonly Scenario[] = [
  healthyMonth,
  gradualDrift,
  suddenChange,
  unitChange,
  metricDropped,
  missingAndLate,
  volumeSpike,
  moreAnomalies,
  calibrationShift,
  badChallenger,
  championGoneBad,
  budgetExhausted,
  plainIsEnough,
  killedAtEachStep,
];
