import { formatDuration } from '../../core/config/duration.ts';
import { FIGURES, type FigureName, GIVES_WAY } from '../../core/figures.ts';
import { SPANS, type Trigger } from '../../core/triggers.ts';
import { EVERY_MS, type RuledStream } from './rule.ts';

/**
 * Unknown neither holds nor ends a condition: what was known last is gone by. In process that has no end; here it has this
 * one, since a query reads all of it. After it dead-man's rules have told long since that nothing is known.
 */
export const KNOWN_FOR_MS = 24 * 3_600_000;
/** Grafana's threshold is 0, and a share of nought may be what is wrong. */
const LEAST = 1e-9;

export interface RuledStreams extends Pick<RuledStream, 'limits' | 'alertRatioBand'> {
  names: readonly string[];
}

/** Whether the measured limit takes part in a trigger's condition beside the table's. */
export const givesWay = ({ figure, limit }: Trigger, limits: RuledStream['limits']): boolean =>
  typeof limit === 'number' && limits === 'measured' && GIVES_WAY.has(figure);

/**
 * A trigger's condition in PromQL, as monitor/decide/evaluate.ts has it: the figure's value, by stream, while the newest
 * condition that is known holds. Milliseconds come out as seconds. For a trigger that objectionTo has nothing against.
 */
export function exprOf(trigger: Trigger, streams: RuledStreams): string {
  const { figure } = trigger;
  const value = newest(figureOf(trigger, streams));
  const shown = FIGURES[figure].unit === 'milliseconds' ? `${value} * 0.001` : value;
  const above = trigger.comparison === '>' ? shown : `clamp_min(${shown}, ${LEAST})`;
  return `${above}\nand\n${newest(bracketed(conditionOf(trigger, streams)))} > 0`;
}

/** 1, or 2, where it holds, 0 where it does not, and nothing where that is unknown. */
function conditionOf(trigger: Trigger, streams: RuledStreams): string {
  const { comparison, limit, figure } = trigger;
  const value = figureOf(trigger, streams);
  if (comparison === 'outside') {
    const [low, high] = streams.alertRatioBand;
    const least = `(${intervalOf(trigger, streams, 'low')} or ${value})`;
    const most = `(${intervalOf(trigger, streams, 'high')} or ${value})`;
    const below = `${most} < bool ${limitOf(trigger, streams, 'low')}\nor\n${most} < bool ${low}`;
    const above = `${least} > bool ${limitOf(trigger, streams, 'high')}\nor\n${least} > bool ${high}`;
    return `${bracketed(below)} + ${bracketed(above)}`;
  }
  const { worse, textbook } = FIGURES[figure];
  const own = limitOf(trigger, streams, worse === 'low' ? 'low' : 'high');
  if (limit === 'measured') return `${value} ${comparison} bool ${own}`;
  const plain = `${value} ${comparison} bool ${limit}`;
  if (!givesWay(trigger, streams.limits)) return plain;
  return `${value} ${comparison} bool clamp_min(${own} * ${limit} / ${textbook}, ${limit})\nor\n${plain}`;
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
const newest = (expr: string): string =>
  `last_over_time(${expr}[${formatDuration(KNOWN_FOR_MS)}:${formatDuration(EVERY_MS)}])`;

/** Streams by name; their names have no character that an expression would take for more than itself. */
export const streamMatcher = (names: readonly string[]): string =>
  names.length === 1 ? `stream="${names[0]}"` : `stream=~"${names.join('|')}"`;

const bracketed = (text: string): string => `(\n${text.replaceAll(/^/gm, '  ')}\n)`;
