import type { Observation } from '../observation.ts';
import type { Decision } from '../types.ts';
import { draft } from './drafts.ts';
import type { Turn } from './turn.ts';
import type { DecisionDraft } from './types.ts';

/** Rest before the forest is tried again, doubled with each trial that failed, up to the longest. Event time. */
const FIRST_REST_MS = 3_600_000;
const LONGEST_REST_MS = 24 * 3_600_000;

/** Steps down to the fallback, which needs no model; what the controller did so by itself it also undoes by trying. */
export function fallBack(turn: Turn, draft: DecisionDraft, mode: 'fallback' | 'disabled'): Decision {
  const decision = turn.decide({ ...draft, model: turn.state.serving.champion });
  turn.serve({ mode, reason: draft.reason });
  if (draft.action === 'fall_back' && draft.actor === 'controller' && draft.trigger !== null) {
    const tries = (turn.state.steppedDown?.tries ?? 0) + 1;
    const restMs = Math.min(FIRST_REST_MS * 2 ** Math.min(tries - 1, 10), LONGEST_REST_MS);
    turn.state.steppedDown = { trigger: draft.trigger, tries, untilMs: turn.atMs + restMs };
  } else turn.state.steppedDown = null;
  return decision;
}

/** Tries the forest again once it has rested; it has recovered when it does without errors for an interval. */
export function tryForest(turn: Turn, { intervalMs, spans }: Observation): void {
  const { steppedDown, serving, suspended } = turn.state;
  if (steppedDown === null || suspended) return;
  const { trigger, untilMs } = steppedDown;
  if (serving.mode === 'fallback' && turn.atMs >= untilMs) {
    const why = 'The forest has rested and is tried again.';
    turn.decide(draft('resume_forest', why, { model: serving.champion }));
    turn.serve({ mode: 'forest', reason: why });
    // if it fails again that is another episode
    const state = turn.state.triggers[trigger];
    if (state !== undefined)
      turn.state.triggers[trigger] = { ...state, sinceMs: null, held: null, restsUntilMs: turn.atMs };
  } else if (serving.mode === 'forest' && turn.atMs - untilMs >= intervalMs && spans.grain.errors?.status === 'ok')
    turn.state.steppedDown = null;
}
