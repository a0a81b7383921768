import { z } from 'zod';
import { duration } from '../../core/config/duration.ts';
import type { PolicyConfig } from '../../core/config/policy.ts';
import { nearest, shown, unknownKey } from '../../core/config/problems.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import { FIGURE_NAMES, FIGURES, type FigureName } from '../../core/figures.ts';
import { TRIGGERS } from '../../core/trigger-table.ts';
import { ACTIONS, CAUSES, SPANS, type Trigger, URGENCIES } from '../../core/triggers.ts';
import type { Policy } from './types.ts';

/** What the configuration may say of a trigger; of one of its own it must say figure, limit and action. */
const overrides = z.strictObject({
  title: z.string().min(1).max(120).optional(),
  figure: z.enum(FIGURE_NAMES as [FigureName, ...FigureName[]]).optional(),
  span: z.enum(SPANS).optional(),
  comparison: z.enum(['>', '<', 'outside']).optional(),
  limit: z.union([z.number(), z.literal('measured'), z.literal('band')]).optional(),
  for: duration().optional(),
  causes: z.array(z.enum(CAUSES)).min(1).optional(),
  action: z.enum(ACTIONS).optional(),
  otherwise: z.enum(ACTIONS).optional(),
  urgency: z.enum(URGENCIES).optional(),
  cooldown: duration().optional(),
  dryRun: z.boolean().optional(),
  enabled: z.boolean().optional(),
  priority: z.int().min(0).max(1000).optional(),
  runbook: z.string().max(200).optional(),
  means: z.string().min(1).max(300).optional(),
});

const OWN: Omit<Trigger, 'name' | 'figure' | 'limit' | 'action'> = {
  title: '',
  span: 'interval',
  comparison: '>',
  forMs: 0,
  urgency: 'ticket',
  cooldownMs: 86_400_000,
  dryRun: false,
  enabled: true,
  priority: 10,
  runbook: '',
  means: '',
};

/** Figures whose limit comes of the training data; those of all others are fixed, or there are none. */
const WITH_MEASURED_LIMIT: readonly FigureName[] = [
  'psi_feature',
  'psi_top_feature',
  'psi_score',
  'ks_feature',
  'kl_score',
  'drift',
];

/** Pairs of actions that undo each other: asked for on the same figure with equal weight, chance would decide. */
const OPPOSITES: readonly (readonly [string, string])[] = [
  ['retrain', 'hold'],
  ['retrain', 'roll_back'],
  ['retrain', 'disable_forest'],
  ['recalibrate', 'hold'],
];

/** The shipped triggers with the configuration's changes, and its own. Fault: config_invalid, naming key and reason. */
export function policyOf(config: PolicyConfig): Result<Policy> {
  const problems: string[] = [];
  const byName = new Map(TRIGGERS.map((trigger) => [trigger.name, trigger]));
  for (const [name, said] of Object.entries(config.triggers)) {
    const made = changed(name, byName.get(name), said, problems);
    if (made !== null) byName.set(name, made);
  }
  const triggers = [...byName.values()].sort((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1));
  for (const trigger of triggers) problems.push(...impossible(trigger));
  problems.push(...contradictions(triggers));
  return problems.length === 0 ? ok({ config, triggers }) : fail('config_invalid', problems.join('\n'));
}

function changed(name: string, shipped: Trigger | undefined, said: unknown, problems: string[]): Trigger | null {
  const parsed = overrides.safeParse(said);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(worded(name, issue, said));
    return null;
  }
  const { for: forMs, cooldown: cooldownMs, ...rest } = parsed.data;
  const change = { ...rest, forMs, cooldownMs };
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  if (shipped !== undefined) return { ...shipped, ...given };
  const missing = (['figure', 'limit', 'action'] as const).filter((key) => given[key] === undefined);
  for (const key of missing) problems.push(`triggers.${name}.${key}: is missing; a trigger of your own needs it`);
  if (missing.length > 0) return null;
  const own = { ...OWN, title: name, means: `${name}.`, ...given, name };
  return own as Trigger;
}

function worded(name: string, issue: z.core.$ZodIssue, said: unknown): string {
  const key = `triggers.${name}${issue.path.length > 0 ? `.${issue.path.join('.')}` : ''}`;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((given) => `${key}.${given}: ${unknownKey(given, Object.keys(overrides.shape))}`).join('\n');
  const got = issue.path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], said);
  if (issue.code !== 'invalid_value') return `${key}: got ${shown(got)}; ${issue.message}`;
  const valid = issue.values.map(String);
  const hint = typeof got === 'string' ? nearest(got, valid) : '';
  return `${key}: got ${shown(got)}, wanted one of ${valid.join(', ')}${hint}`;
}

/** Limits that always or never hold, and bands without two sides. */
function impossible({ name, figure, comparison, limit, action, otherwise, enabled }: Trigger): string[] {
  if (!enabled) return [];
  const key = `triggers.${name}`;
  const found: string[] = [];
  const { unit, worse } = FIGURES[figure];
  if ((comparison === 'outside') !== (limit === 'band'))
    found.push(
      `${key}.limit: ${comparison === 'outside' ? 'outside needs the limit band' : 'band needs the comparison outside'}`,
    );
  if (comparison === 'outside' && worse !== 'both') found.push(`${key}.comparison: ${figure} has no band`);
  if (limit === 'measured') {
    if (!WITH_MEASURED_LIMIT.includes(figure))
      found.push(
        `${key}.limit: ${figure} has no measured limit; those that have one are ${WITH_MEASURED_LIMIT.join(', ')}`,
      );
    else if (comparison !== '>') found.push(`${key}.comparison: a measured limit is the most that is usual, wanted >`);
  }
  if (typeof limit === 'number') {
    const [least, most] =
      unit === 'share' || unit === 'distance' ? [0, 1] : [0, unit === 'points' ? 30 : Number.POSITIVE_INFINITY];
    if (!Number.isFinite(limit) || limit < least || limit > most)
      found.push(`${key}.limit: got ${limit}, ${figure} lies between ${least} and ${most}`);
    else if ((comparison === '>' && limit >= most) || (comparison === '<' && limit <= least))
      found.push(`${key}.limit: ${figure} is never ${comparison === '>' ? 'above' : 'below'} ${limit}`);
  }
  if (otherwise === action) found.push(`${key}.otherwise: is the action itself`);
  return found;
}

function contradictions(triggers: readonly Trigger[]): string[] {
  const found: string[] = [];
  const enabled = triggers.filter((trigger) => trigger.enabled);
  for (const [i, a] of enabled.entries()) {
    for (const b of enabled.slice(i + 1)) {
      if (a.figure !== b.figure || a.span !== b.span || a.priority !== b.priority) continue;
      const opposite = OPPOSITES.some(
        ([x, y]) => (x === a.action && y === b.action) || (y === a.action && x === b.action),
      );
      const together = a.causes === undefined || b.causes === undefined || a.causes.some((c) => b.causes!.includes(c));
      if (opposite && together)
        found.push(
          `triggers.${b.name}: contradicts ${a.name}: both are about ${a.figure} with priority ${a.priority}, one wants ${a.action}, the other ${b.action}`,
        );
    }
  }
  return found;
}
