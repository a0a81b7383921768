import { formatDuration } from '../../core/config/duration.ts';
import type { Decision } from '../../monitor/types.ts';
import { type Expected, oneOf, type Plan } from './scenario.ts';

/** What came of a comparison of decisions with a plan. */
export interface Match {
  matches: boolean;
  /** Why not, in words; '' when it matches. */
  why: string;
  /** Event time from the start of the trouble to the first decision after it; null when there was none. */
  delayMs: number | null;
  /** Decisions that no expectation covers. */
  surprises: readonly Decision[];
}

/**
 * Whether the decisions are those of the plan, in its order and none besides. Expectations that allow several decisions
 * take as few or as many as lets the rest match.
 */
export function matchDecisions(plan: Pick<Plan, 'expected' | 'asides' | 'troubleMs'>, all: readonly Decision[]): Match {
  const { expected, asides = [], troubleMs } = plan;
  const decisions = all.filter((decision) => !asides.some((aside) => fits(aside, decision, troubleMs)));
  let furthest = { decision: 0, expectation: 0 };
  const seen = new Set<number>();
  const matchFrom = (d: number, e: number): boolean => {
    if (d > furthest.decision || (d === furthest.decision && e > furthest.expectation))
      furthest = { decision: d, expectation: e };
    if (e === expected.length) return d === decisions.length;
    const place = d * (expected.length + 1) + e;
    if (seen.has(place)) return false;
    const [least, most] = expected[e]!.times ?? [1, 1];
    let taken = 0;
    while (taken < most && d + taken < decisions.length && fits(expected[e]!, decisions[d + taken]!, troubleMs))
      taken++;
    for (let n = taken; n >= least; n--) if (matchFrom(d + n, e + 1)) return true;
    seen.add(place);
    return false;
  };
  const matches = matchFrom(0, 0);
  const first = decisions.find((decision) => decision.atMs >= troubleMs);
  const surprises = decisions.filter((decision) => !expected.some((e) => fits(e, decision, troubleMs)));
  return {
    matches,
    why: matches ? '' : whyNot(expected, decisions, surprises, furthest, troubleMs),
    delayMs: first === undefined ? null : first.atMs - troubleMs,
    surprises,
  };
}

function fits(expected: Expected, decision: Decision, troubleMs: number): boolean {
  const afterMs = decision.atMs - troubleMs;
  return (
    oneOf(expected.action).includes(decision.action) &&
    (expected.trigger === undefined || oneOf(expected.trigger).includes(decision.trigger ?? '')) &&
    (expected.result === undefined || expected.result === decision.result) &&
    (expected.cause === undefined || (decision.cause !== null && oneOf(expected.cause).includes(decision.cause))) &&
    afterMs >= (expected.afterMs ?? Number.NEGATIVE_INFINITY) &&
    afterMs <= (expected.withinMs ?? Number.POSITIVE_INFINITY)
  );
}

function whyNot(
  expected: readonly Expected[],
  decisions: readonly Decision[],
  surprises: readonly Decision[],
  at: { decision: number; expectation: number },
  troubleMs: number,
): string {
  if (surprises.length > 0) return `not expected: ${sentence(surprises[0]!, troubleMs)}`;
  const wanted = expected[at.expectation];
  const got = decisions[at.decision];
  const came = got === undefined ? 'the ledger ends' : sentence(got, troubleMs);
  return wanted === undefined ? `too many: ${came}` : `expected ${inWords(wanted)}, but ${came}`;
}

export function sentence(decision: Decision, troubleMs: number): string {
  const { action, trigger, result, cause } = decision;
  const why = [trigger, cause === 'none' ? null : cause].filter((x) => x !== null).join(', ');
  return `${action}${result === 'done' ? '' : ` (${result})`}${why && ` by ${why}`} at ${since(decision.atMs - troubleMs)}`;
}

export function inWords({ action, trigger, result, cause, times, withinMs }: Expected): string {
  const parts = [oneOf(action).join(' or ')];
  if (result === 'held') parts.push('(held)');
  if (trigger !== undefined) parts.push(`by ${oneOf(trigger).join(' or ')}`);
  if (cause !== undefined) parts.push(`for ${oneOf(cause).join(' or ')}`);
  if (times !== undefined)
    parts.push(times[1] === Infinity ? `${times[0]} times or more` : `${times[0]} to ${times[1]} times`);
  if (withinMs !== undefined) parts.push(`within ${formatDuration(withinMs)}`);
  return parts.join(' ');
}

/** `+6h` after the start of the trouble, `-2d` before it. */
export const since = (ms: number): string => `${ms < 0 ? '-' : '+'}${formatDuration(Math.abs(ms))}`;
