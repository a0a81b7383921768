import type { CauseKind } from '../../../core/triggers.ts';
import { ratioInterval } from '../../../monitor/rollout/paired.ts';
import type { Check } from '../scenario.ts';
import { number } from '../scoreboard.ts';

/** Bounds of the alert-rate ratio within which alerts mean what they should. */
const BAND = [0.2, 5] as const;
const COVERAGE = 0.95;
/** What recall may lose: a model of a week is held against one of a month, on anomalies of other days. */
const RECALL_SLACK = 0.1;

/**
 * Alerts come in runs of one incident, so the ratio is known no better than by the number of runs: it is outside only when
 * its interval is so as a whole.
 */
export const BACK_IN_BAND: Check = {
  what: `afterwards the alert-rate ratio is within ${BAND[0]} to ${BAND[1]}, but for chance`,
  of: ({ phases: { before, during, after } }) => {
    if (after.alertRatio === null || after.alertsExpected === 0) return { holds: false, got: number(null) };
    const all = [before, during, after];
    const of = (key: 'alerts' | 'incidents') => all.reduce((sum, phase) => sum + phase[key], 0);
    const run = Math.max(1, of('alerts') / Math.max(1, of('incidents')));
    const [low, high] = ratioInterval(
      Math.round((after.alertRatio * after.alertsExpected) / run),
      after.alertsExpected / run,
      COVERAGE,
    );
    return {
      holds: low <= BAND[1] && high >= BAND[0],
      got: `${number(after.alertRatio)}, between ${number(low)} and ${number(high)}`,
    };
  },
};

export const RECALL_KEPT: Check = {
  what: 'afterwards about as many injected anomalies are found as before',
  of: ({ phases: { before, after } }) => ({
    holds: before.recall !== null && after.recall !== null && after.recall >= before.recall - RECALL_SLACK,
    got: `${number(before.recall)} before, ${number(after.recall)} after`,
  }),
};

export const FALLBACK_SERVED: Check = {
  what: 'the fallback judges during the trouble, and the forest before and after it',
  of: ({ phases: { before, during, after } }) => ({
    holds: (before.fallbackShare ?? 1) < 0.1 && (during.fallbackShare ?? 0) > 0.9 && (after.fallbackShare ?? 1) < 0.1,
    got: [before, during, after].map(({ fallbackShare }) => number(fallbackShare)).join(' / '),
  }),
};

export const ALL_COUNTED: Check = {
  what: 'ten times the points are counted, and every one of them',
  of: ({ phases: { before, during }, points }) => {
    const usual = before.points / Math.max(1, before.windows);
    const spike = during.points / Math.max(1, during.windows);
    return {
      holds: points.sent === points.counted && spike > 8 * usual,
      got: `${points.sent} sent, ${points.counted} counted, ${number(spike / usual)} times as many a window`,
    };
  },
};

export const KILLED: Check = {
  what: 'the controller died at every kind of step',
  of: ({ kills }) => ({ holds: kills >= 20, got: `${kills} deaths` }),
};

export const ONCE_EACH: Check = {
  what: 'no decision is taken twice',
  of: ({ ledger }) => {
    const ids = new Set(ledger.map(({ decision }) => decision.id));
    return { holds: ids.size === ledger.length, got: `${ledger.length} entries, ${ids.size} ids` };
  },
};

export const MORE_INCIDENTS: Check = {
  what: 'incidents come at least twice as often during the trouble',
  of: ({ phases: { before, during } }) => {
    const often = (phase: typeof before) => phase.incidents / Math.max(1, phase.windows);
    return { holds: often(during) > 2 * often(before), got: `${before.incidents} before, ${during.incidents} during` };
  },
};

/** The monitor says why, during the trouble. */
export const CAUSE_SEEN = (...causes: readonly CauseKind[]): Check => ({
  what: `during the trouble the cause is told: ${causes.join(' or ').replaceAll('_', ' ')}`,
  of: ({ observations, plan: { troubleMs, overMs } }) => {
    const seen = observations.filter(({ atMs }) => atMs > troubleMs && atMs <= overMs).map(({ cause }) => cause.kind);
    const right = seen.filter((kind) => causes.includes(kind)).length;
    return { holds: right >= seen.length / 2, got: `${right} of ${seen.length} looks` };
  },
});
