import { FIGURES, type FigureName } from '../core/figures.ts';
import { TRIGGERS } from '../core/trigger-table.ts';
import { STATE_COLOURS, type State } from './colours.ts';

/** A value from which on a state holds; the first has no value: from below. */
export type Steps = readonly { from: number | null; state: State }[];

/** Higher is worse. */
export const rising = (warn: number, bad: number): Steps => [
  { from: null, state: 'ok' },
  { from: warn, state: 'warn' },
  { from: bad, state: 'bad' },
];
/** One limit; higher is worse. */
export const above = (limit: number, state: State = 'bad'): Steps => [
  { from: null, state: 'ok' },
  { from: limit, state },
];
/** One limit; lower is worse. */
export const below = (limit: number, state: State = 'bad'): Steps => [
  { from: null, state },
  { from: limit, state: 'ok' },
];
/** Worse on either side of a band. */
export const outside = ([low, high]: readonly [number, number]): Steps => [
  { from: null, state: 'warn' },
  { from: low, state: 'ok' },
  { from: high, state: 'warn' },
];
/** Counts are whole, rates seldom this small. */
export const MORE_THAN_NONE = 1e-6;
/** Anything but 0 is bad. */
export const none: Steps = above(MORE_THAN_NONE);
/** No judgement. */
export const plain: Steps = [{ from: null, state: 'info' }];

export const colourOf = ({ state }: Steps[number]): string => STATE_COLOURS[state];

/** The number at which a shipped trigger acts. Throws for one that is not there, or has no number. */
export function limitOf(trigger: string): number {
  const found = TRIGGERS.find(({ name }) => name === trigger);
  if (typeof found?.limit !== 'number') throw new Error(`no shipped trigger ${trigger} has a number for its limit`);
  return found.limit;
}

/** The textbook limit of a figure. Throws for one that has none. */
export function textbookOf(figure: FigureName): number {
  const { textbook } = FIGURES[figure];
  if (textbook === null) throw new Error(`figure ${figure} has no textbook limit`);
  return textbook;
}

/** Above it a window is anomalous, whatever the model: see Verdict.severity. */
export const SEVERITY_LIMIT = 1;
