import { formatDuration } from '../../core/config/duration.ts';
import { FIGURES } from '../../core/figures.ts';
import type { Trigger } from '../../core/triggers.ts';
import type { Figure, Observation } from '../observation.ts';
import type { Decision, Input } from '../types.ts';
import type { ReadEvidence } from './evidence.ts';

/** A decision told to a person: what came, what was seen, what was asked for and done, and what it rests on. */
export function sentencesOf(decision: Decision, evidence: ReadEvidence, input: Input): string[] {
  const { policy, count, sizeBytes } = evidence;
  const trigger = policy.triggers.find(({ name }) => name === decision.trigger);
  const told = [`${decision.id}, ${time(decision.atMs)} (event time): ${spoken(decision)}`, came(decision, input)];
  if (trigger !== undefined) {
    told.push(`Trigger ${trigger.name}: ${trigger.means}`);
    if (input.kind === 'observation') told.push(...figureOf(trigger, input.observation, evidence));
  }
  if (input.kind === 'observation') told.push(causeOf(input.observation));
  if (decision.asked !== null && decision.asked !== decision.action)
    told.push(`It asked to ${words(decision.asked)}; done was: ${words(decision.action)}.`);
  told.push(decision.reason);
  if (decision.runbook !== '') told.push(`What to do: docs/runbooks/${decision.runbook}.md.`);
  told.push(`Computed again from ${count} pieces of evidence (${sizeBytes} bytes), each as its hash says.`);
  return told;
}

const RESULTS: Record<Decision['result'], string> = {
  done: 'done',
  held: 'held back',
  dry_run: 'dry run, nothing was done',
  refused: 'refused',
};

const words = (name: string): string => name.replaceAll('_', ' ');
const time = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`);

function spoken({ action, result, model }: Decision): string {
  return `${words(action)}${model === null ? '' : ` ${model.modelId}`}: ${RESULTS[result]}.`;
}

function came(decision: Decision, input: Input): string {
  switch (input.kind) {
    case 'observation': {
      const { stream, windows, entities, atMs } = input.observation;
      return `What came: ${windows} windows of ${entities} entities of ${stream}, up to ${time(atMs)}.`;
    }
    case 'effect':
      return `What came: the answer of ${input.effect}: ${words(input.result.kind)}.`;
    case 'command':
      return `What came: ${decision.actor} asked to ${words(input.command.kind)}.`;
    case 'alert':
      return `What came: an alert for ${input.trigger}, ${input.firing ? 'firing' : 'resolved'}.`;
  }
}

function figureOf(trigger: Trigger, observation: Observation, { state }: ReadEvidence): string[] {
  const figure = observation.spans[trigger.span]?.[trigger.figure];
  const known = state.triggers[trigger.name];
  const since =
    known === undefined || known.sinceMs === null
      ? ''
      : ` It had held since ${time(known.sinceMs)}; the trigger waits ${formatDuration(trigger.forMs)}.`;
  const asked = `asked for: ${trigger.comparison} ${trigger.limit}`;
  return [
    `${trigger.figure} of the ${trigger.span}: ${shown(figure)} (${asked}). ${FIGURES[trigger.figure].means}${since}`,
  ];
}

function shown(figure: Figure | undefined): string {
  if (figure === undefined || figure.value === null) return 'unknown';
  const { limit } = figure;
  const against =
    limit === null ? '' : typeof limit === 'number' ? `, limit ${limit}` : `, band ${limit[0]} to ${limit[1]}`;
  return `${figure.value}${against}, ${figure.status}`;
}

function causeOf({ cause }: Observation): string {
  const numbers = Object.entries(cause.evidence).map(([name, value]) => `${name} ${value}`);
  return `Cause: ${words(cause.kind)}. ${cause.summary}${numbers.length > 0 ? ` (${numbers.join(', ')})` : ''}`;
}
