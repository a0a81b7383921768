import { formatDuration } from '../../core/config/duration.ts';
import { CONTROLLER_STATES } from '../../core/controller-state.ts';
import { FIGURES, type FigureName, GIVES_WAY } from '../../core/figures.ts';
import { SPANS, type Trigger } from '../../core/triggers.ts';
import type { RuledStream } from './rule.ts';

/**
 * Unknown neither holds nor ends a condition: what was known last is gone by. In process that has no end; here it has this
 * one, since a query reads all of it. After it dead-man's rules have told long since that nothing is known.
 */
export const KNOWN_FOR_MS = 24 * 3_600_000;
/** Grafana's threshold is 0, and a share of nought may be what is wrong. */
const LEAST = 1e-9;
const MINUTE_MS = 60_000;
/** Looks at what was known that a grain has: between its ends a figure stays as it is. */
const LOOKS_PER_GRAIN = 12;
const MAX_STEP_MS = 5 * MINUTE_MS;

export interface RuledStreams extends Pick<RuledStream, 'limits' | 'alertRatioBand'> {
  names: readonly string[];
  /** Between two instants at which a rule looks what was known. */
  stepMs: number;
}

/** Of streams with these grains, in whole minutes. What is new is seen so much later at most, and seen at all when it is shown for as long. */
export function stepOf(grainsMs: readonly number[]): number {
  const minutes = Math.floor(Math.min(...grainsMs) / LOOKS_PER_GRAIN / MINUTE_MS);
  return Math.min(Math.max(minutes * MINUTE_MS, MINUTE_MS), MAX_STEP_MS);
}

/** Whether the measured limit takes part in a trigger's condition beside the table's. */
export const givesWay = ({ figure, limit }: Trigger, limits: RuledStream['limits']): boolean =>
  typeof limit === 'number' && limits === 'measured' && GIVES_WAY.has(figure);

/**
 * A trigger's condition in PromQL, as monitor/decide/evaluate.ts has it: the figure's value, by stream, while the newest
 * condition that is known holds. Milliseconds come out as seconds. For a trigger that objectionTo has nothing against.
 */
export function exprOf(trigger: Trigger, streams: RuledStreams): string {
  const holds = holding(trigger, streams);
  const shown = FIGURES[trigger.figure].unit === 'milliseconds' ? `(${holds}) * 0.001` : holds;
  const value = trigger.comparison === '>' ? shown : `clamp_min(${bracketed(shown)}, ${LEAST})`;
  // at another time there is no model to go back to, and nobody has to get up for what is only noted
  return trigger.action === 'roll_back' ? `${bracketed(value)}\nand on (stream)\n${watching(streams)}` : value;
}

/** Streams of which a fresh champion is watched, the former one ready. */
const watching = ({ names }: RuledStreams): string =>
  `(${byStream(`tidewatch_controller_state{${streamMatcher(names)}}`)} == ${CONTROLLER_STATES.watching})`;

/**
 * The newest known figure where its condition holds. What it is held against is taken at the same instant as the figure:
 * limits and intervals are shown with a known figure alone, and where a figure has none its default is put in their place.
 */
function holding(trigger: Trigger, streams: RuledStreams): string {
  const { comparison, limit, figure } = trigger;
  const value = figureOf(trigger, streams);
  const last = (expr: string) => newest(expr, streams);
  if (comparison === 'outside') {
    const [low, high] = streams.alertRatioBand;
    const most = last(`${intervalOf(trigger, streams, 'high')}\nor\n${value}`);
    const least = last(`${intervalOf(trigger, streams, 'low')}\nor\n${value}`);
    const lower = last(`${limitOf(trigger, streams, 'low')}\nor\n${value} * 0 + ${low}`);
    const upper = last(`${limitOf(trigger, streams, 'high')}\nor\n${value} * 0 + ${high}`);
    return `${last(value)}\nand ${bracketed(`${most} < ${lower}\nor\n${least} > ${upper}`)}`;
  }
  const { worse, textbook } = FIGURES[figure];
  const own = limitOf(trigger, streams, worse === 'low' ? 'low' : 'high');
  if (limit === 'measured') return `${last(`${value}\nand\n${own}`)} ${comparison} ${last(own)}`;
  if (!givesWay(trigger, streams.limits)) return `${last(value)} ${comparison} ${limit}`;
  const measured = last(`${own}\nor\n${value} * 0`);
  return `${last(value)}\n${comparison}\nclamp_min(${measured} * ${limit} / ${textbook}, ${limit})`;
}

/** Why no rule can say what a trigger says; null: one can. */
export function objectionTo(trigger: Trigger): string | null {
  const { name, figure, span, comparison, limit, forMs } = trigger;
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) return 'its name is no lower-case name of letters, digits and _';
  if (!Object.hasOwn(FIGURES, figure)) return `there is no figure ${figure}`;
  if (!SPANS.includes(span)) return `there is no span ${span}`;
  if (!Number.isSafeInteger(forMs) || forMs < 0) return `${forMs} is no number of milliseconds to hold for`;
  const { worse } = FIGURES[figure as FigureName];
  if (comparison === 'outside') {
    if (limit !== 'band') return 'outside needs the limit band';
    return worse === 'both' ? null : `${figure} has no band`;
  }
  if (comparison !== '>' && comparison !== '<') return `there is no comparison ${String(comparison)}`;
  if (limit === 'band') return 'band needs the comparison outside';
  if (limit === 'measured') return worse === 'both' ? `${figure} has a band and no single measured limit` : null;
  return Number.isFinite(limit) && limit >= 0 ? null : `${limit} is no limit of a figure, which is never below 0`;
}

const ofTrigger = ({ figure, span }: Trigger, { names }: RuledStreams): string =>
  `${streamMatcher(names)}, figure="${figure}", span="${span}"`;
const figureOf = (trigger: Trigger, streams: RuledStreams): string =>
  byStream(`tidewatch_figure{${ofTrigger(trigger, streams)}}`);
const limitOf = (trigger: Trigger, streams: RuledStreams, bound: 'low' | 'high'): string =>
  byStream(`tidewatch_figure_limit{${ofTrigger(trigger, streams)}, bound="${bound}"}`);
const intervalOf = (trigger: Trigger, streams: RuledStreams, bound: 'low' | 'high'): string =>
  byStream(`tidewatch_figure_interval{${ofTrigger(trigger, streams)}, bound="${bound}"}`);

/** Only the process that decides has them; which one that is may change. */
const byStream = (selector: string): string => `max by (stream) (${selector})`;

/** The last that was known, by instants rather than samples: so one process never answers for another that has taken over. */
const newest = (expr: string, { stepMs }: RuledStreams): string =>
  `last_over_time(${expr.includes('\n') ? bracketed(expr) : expr}[${formatDuration(KNOWN_FOR_MS)}:${formatDuration(stepMs)}])`;

/** Streams by name; their names have no character that an expression would take for more than itself. */
export const streamMatcher = (names: readonly string[]): string =>
  names.length === 1 ? `stream="${names[0]}"` : `stream=~"${names.join('|')}"`;

const bracketed = (text: string): string => `(\n${text.replaceAll(/^/gm, '  ')}\n)`;
