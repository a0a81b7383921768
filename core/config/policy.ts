import { z } from 'zod';
import { duration, formatDuration } from './duration.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 366 * DAY_MS;

/** How a stream is counted for the monitor. Part of what a saved partition state is made of. */
export const profileConfig = z
  .strictObject({
    interval: duration(MINUTE_MS, 31 * DAY_MS)
      .default(6 * HOUR_MS)
      .describe('Event time that drift is judged over.'),
    grain: duration(10_000, DAY_MS)
      .default(HOUR_MS)
      .describe('Event time of one count, after which the monitor looks; the interval is a multiple of it.'),
    bins: z.int().min(4).max(64).default(20).describe('Bins of each feature in the reference profile.'),
  })
  .transform((p) => ({ intervalMs: p.interval, grainMs: p.grain, bins: p.bins }))
  .refine((p) => p.intervalMs % p.grainMs === 0, {
    message: 'interval must be a multiple of grain',
    path: ['interval'],
  });

const share = z.number().gt(0).max(1);

/** What the controller may do, and how carefully. */
export const policyConfig = z
  .strictObject({
    limits: z
      .enum(['measured', 'textbook'])
      .default('measured')
      .describe('Drift limits: set from the training data for falseAlarmsPerWeek, or the textbook ones.'),
    falseAlarmsPerWeek: z
      .number()
      .gt(0)
      .max(100)
      .default(1)
      .describe('False drift alarms of a stream a week, at most, that measured limits are set for.'),
    retrainsPerMonth: z.int().min(0).max(1000).default(1).describe('Retrainings in 30 days of event time.'),
    rollbacksPerDay: z.int().min(0).max(100).default(2).describe('Roll-backs in a day of event time.'),
    recalibrationsPerDay: z.int().min(0).max(100).default(1).describe('Recalibrations in a day of event time.'),
    dryRun: z.boolean().default(false).describe('Decide and write down, and do nothing.'),
    approval: z.boolean().default(false).describe('A candidate waits for an operator before it serves.'),
    shadow: duration(0, 31 * DAY_MS)
      .default(4 * HOUR_MS)
      .describe('Event time that a candidate judges beside the champion, at least, before it serves.'),
    step: duration(0, 31 * DAY_MS)
      .default(4 * HOUR_MS)
      .describe('Event time of each step of a canary, at least; and at least one grain.'),
    steps: z
      .array(share)
      .min(1)
      .max(10)
      .default([0.05, 0.25, 0.5, 1])
      .describe('Shares of the entities that a candidate serves, one after the other.'),
    watch: duration(0, 31 * DAY_MS)
      .default(DAY_MS)
      .describe('Event time after a promotion in which the former champion stays ready.'),
    inconclusive: duration(HOUR_MS, YEAR_MS)
      .default(7 * DAY_MS)
      .describe('A step that is still inconclusive after so much event time is given up.'),
    alertRatioBand: z
      .tuple([z.number().min(0).max(1), z.number().min(1).max(1000)])
      .default([0.2, 5])
      .describe('Alert-rate ratio of a candidate, or of a fresh champion; outside it is rolled back.'),
    worse: share.default(0.05).describe('A quality figure that falls by this share is worse.'),
    factor: z.number().min(1).max(100).default(2).describe('Error rate or latency so many times as high is worse.'),
    significance: z.number().gt(0).max(0.5).default(0.05).describe('Level of the tests between two models.'),
    power: z.number().min(0.5).lt(1).default(0.8).describe('Power at which a step has seen enough windows.'),
    training: z
      .strictObject({
        span: duration(DAY_MS, YEAR_MS)
          .default(92 * DAY_MS)
          .describe('Newest event time that training reads.'),
        minWindows: z.int().min(64).default(512).describe('Fewer windows than this, of all entities, train nothing.'),
        heldBack: z.number().min(0.05).max(0.5).default(0.2).describe('Newest share of the windows kept to evaluate.'),
        maxQuarantined: share.default(0.5).describe('With a larger share of windows left out nothing trains.'),
      })
      .transform((t) => ({ ...t, spanMs: t.span }))
      .prefault({}),
    triggers: z
      .record(
        z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'a lower-case name of letters, digits and _'),
        z.record(z.string(), z.unknown()),
      )
      .default({})
      .describe('Changes to the shipped triggers, and triggers of your own; see docs/reference/triggers.md.'),
  })
  .transform((p) => ({
    ...p,
    shadowMs: p.shadow,
    stepMs: p.step,
    watchMs: p.watch,
    inconclusiveMs: p.inconclusive,
  }));

export type ProfileConfig = z.output<typeof profileConfig>;
export type PolicyConfig = z.output<typeof policyConfig>;

/** Both in the form in which they are written. */
export const profileText = ({ intervalMs, grainMs, bins }: ProfileConfig) => ({
  interval: formatDuration(intervalMs),
  grain: formatDuration(grainMs),
  bins,
});
export function policyText(policy: PolicyConfig) {
  const { shadowMs, stepMs, watchMs, inconclusiveMs, training, ...rest } = policy;
  const { spanMs, ...others } = training;
  return {
    ...rest,
    shadow: formatDuration(shadowMs),
    step: formatDuration(stepMs),
    watch: formatDuration(watchMs),
    inconclusive: formatDuration(inconclusiveMs),
    training: { ...others, span: formatDuration(spanMs) },
  };
}
