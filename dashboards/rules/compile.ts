import { TidewatchError } from '../../core/errors.ts';
import type { FigureName } from '../../core/figures.ts';
import type { Trigger } from '../../core/triggers.ts';
import { exprOf, givesWay, objectionTo, stepOf } from './condition.ts';
import { DEAD_MAN_NAMES, INSTALLATION, ofStreams } from './dead-man.ts';
import { grouped } from './grouped.ts';
import type { CompiledRule, RuledStream } from './rule.ts';

/** Group of the rules that streams share. */
const SHARED = 'tidewatch';

/**
 * A rule for every trigger in force, and dead-man's rules. The most streams that are configured alike share rules, which
 * look as often as the finest grain asks for; each other one has its own. A trigger that is not enabled has none. Throws config_invalid that names every trigger which no rule can
 * express with the reason: none is left out silently.
 */
export function compileRules(streams: readonly RuledStream[]): CompiledRule[] {
  const problems = streams.flatMap(objectionsTo);
  const names = new Set(streams.map(({ name }) => name));
  if (names.size < streams.length) problems.push('two streams have the same name');
  if (problems.length > 0) throw new TidewatchError('config_invalid', problems.join('\n'));
  const alike = grouped(streams, ({ triggers, limits, alertRatioBand }) =>
    JSON.stringify([triggers, limits, alertRatioBand]),
  );
  const [most = [], ...others] = [...alike.values()].sort((a, b) => b.length - a.length);
  const own = others.flat().flatMap((stream) => rulesOf([stream], `tidewatch ${stream.name}`));
  return [...(most.length > 0 ? rulesOf(most, SHARED) : []), ...own, ...INSTALLATION];
}

function rulesOf(streams: readonly RuledStream[], group: string): CompiledRule[] {
  const [first] = streams as [RuledStream];
  const names = streams.map(({ name }) => name).sort();
  const stepMs = stepOf(streams.map(({ grainMs }) => grainMs));
  const about = { names, limits: first.limits, alertRatioBand: first.alertRatioBand, stepMs };
  const rules = first.triggers
    .filter(({ enabled }) => enabled)
    .map((trigger): CompiledRule => {
      const { name, title, forMs, urgency, means, runbook, figure } = trigger;
      return {
        kind: 'trigger',
        name,
        title,
        group,
        streams: names,
        expr: exprOf(trigger, about),
        forMs,
        severity: urgency,
        means,
        runbook,
        console: pageOf(figure),
        trigger,
        measured: givesWay(trigger, first.limits),
        ownLabels: group !== SHARED,
      };
    });
  return [...rules, ...ofStreams(names, first.triggers, { group, ownLabels: group !== SHARED })];
}

function objectionsTo({ name: stream, triggers, alertRatioBand }: RuledStream): string[] {
  const found: string[] = [];
  if (!/^[a-z][a-z0-9_-]{0,62}$/.test(stream)) found.push(`stream ${JSON.stringify(stream)}: is no name of a stream`);
  const [low, high] = alertRatioBand;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high))
    found.push(`stream ${stream}: ${low} to ${high} is no band of the alert-rate ratio`);
  const seen = new Set<string>();
  for (const trigger of triggers.filter(({ enabled }) => enabled)) {
    const said = seen.has(trigger.name)
      ? 'another trigger has its name'
      : DEAD_MAN_NAMES.has(trigger.name)
        ? "a dead-man's rule has its name"
        : objectionTo(trigger);
    seen.add(trigger.name);
    if (said !== null) found.push(`stream ${stream}: no alert rule can express the trigger ${trigger.name}: ${said}`);
  }
  return found;
}

const OF_MODELS: ReadonlySet<FigureName> = new Set(['quality', 'robust_z_share', 'model_age']);
const OF_PIPELINE: ReadonlySet<FigureName> = new Set(['errors', 'fallback', 'late', 'dead_letters', 'latency_p99']);

/** Where the console shows a figure. */
function pageOf(figure: Trigger['figure']): string {
  if (OF_PIPELINE.has(figure)) return '/pipeline';
  return OF_MODELS.has(figure) ? '/#/models/{stream}' : '/#/drift/{stream}';
}
