import { TidewatchError } from '../core/errors.ts';
import { sha256Hex } from '../core/hash.ts';
import type { RegisteredModel } from './controller/ports.ts';
import type { Commit } from './store.ts';
import type { ModelRef, Serving } from './types.ts';

export type Role = RegisteredModel['roles'][number];

/** Of one blob; a week of a thousand features is a few megabytes. */
export const MAX_EVIDENCE_BYTES = 32_000_000;
/** Of one commit. */
export const MAX_DECISIONS = 100;
export const MAX_MESSAGES = 1_000;
/** Of a state or an observation as JSON. */
export const MAX_DOCUMENT_BYTES = 8_000_000;
/** Of a message to a receiver. */
export const MAX_MESSAGE_BYTES = 1_000_000;

const tooLarge = (what: string, size: number, limit: number): TidewatchError =>
  new TidewatchError('request_invalid', `${what} has ${size}, at most ${limit} are kept`);

/**
 * What every MonitorStore checks before it writes anything. Throws TidewatchError request_invalid for what is too large,
 * and Error for what no caller may do: a blob under another hash than its own, a state of another stream or version.
 */
export function checkCommit(commit: Commit): void {
  const { stream, expected, state, decisions, evidence, outbox } = commit;
  if (state.stream !== stream) throw new Error(`a commit of ${stream} brings the state of ${state.stream}`);
  if (state.version <= expected)
    throw new Error(`the state of ${stream} must rise above version ${expected}, and is ${state.version}`);
  if (decisions.length > MAX_DECISIONS) throw tooLarge('a commit (decisions)', decisions.length, MAX_DECISIONS);
  if (outbox.length > MAX_MESSAGES) throw tooLarge('a commit (messages)', outbox.length, MAX_MESSAGES);
  for (const [sha256, bytes] of evidence) {
    if (bytes.length > MAX_EVIDENCE_BYTES) throw tooLarge('evidence (bytes)', bytes.length, MAX_EVIDENCE_BYTES);
    if (sha256Hex(bytes) !== sha256) throw new Error(`evidence under ${sha256} has another hash`);
  }
  for (const { id, body } of outbox)
    if (Buffer.byteLength(body) > MAX_MESSAGE_BYTES)
      throw tooLarge(`message ${id} (bytes)`, Buffer.byteLength(body), MAX_MESSAGE_BYTES);
  for (const { decision } of decisions)
    if (decision.stream !== stream) throw new Error(`decision ${decision.id} is of ${decision.stream}`);
}

/** Throws TidewatchError request_invalid when the text of a state or an observation is too large. */
export function boundedDocument(what: string, text: string): string {
  const size = Buffer.byteLength(text);
  if (size > MAX_DOCUMENT_BYTES) throw tooLarge(`${what} (bytes)`, size, MAX_DOCUMENT_BYTES);
  return text;
}

/**
 * The roles that follow from what is to serve; null: nobody has it any more. A monitor that knows no champion yet takes
 * none away: a worker may just have trained the first.
 */
export function rolesOf(serving: Serving, lastGood: ModelRef | null): [role: Role, model: ModelRef | null][] {
  const others: [Role, ModelRef | null][] = [
    ['challenger', serving.challenger],
    ['last_good', lastGood],
  ];
  return serving.champion === null ? others : [['champion', serving.champion], ...others];
}
