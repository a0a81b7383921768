import { z } from 'zod';
import { CAUSES, URGENCIES } from '../../../core/triggers.ts';
import { DECISION_ACTIONS } from '../../types.ts';

/** Schemas that several operations share. What callers send is strict; what we answer is described as far as it is fixed. */
export const streamName = z.string().min(1).max(63).describe('Name of a stream.');
export const entityName = z.string().min(1).max(256).describe('Name of an entity.');
export const instantMs = z.number().int().min(0).max(8.64e15);
export const queryMs = z.coerce.number().int().min(0).max(8.64e15);
export const note = z.string().max(1_000).default('').describe('Why, for those who read it later.');
export const limit = (most: number, usual: number) =>
  z.coerce.number().int().min(1).max(most).default(usual).describe('How many at most.');

export const modelRef = z.strictObject({
  modelId: z.string().min(1).max(64).describe('Id of the model: the first 16 digits of its hash.'),
  sha256: z.string().describe('Hash of its artifact.'),
});

export const decision = z.strictObject({
  id: z.string(),
  stream: z.string(),
  atMs: instantMs.describe('Event time.'),
  action: z.enum(DECISION_ACTIONS),
  trigger: z.string().nullable(),
  episode: z.number().int().nullable(),
  asked: z.string().nullable(),
  cause: z.enum(CAUSES).nullable(),
  result: z.enum(['done', 'held', 'dry_run', 'refused']),
  reason: z.string(),
  urgency: z.enum(URGENCIES),
  actor: z.string(),
  model: modelRef.nullable(),
  runbook: z.string(),
});

export const ledgerEntry = z.strictObject({
  seq: z.number().int(),
  decision,
  evidence: z.string().describe('SHA-256 of the evidence.'),
  previous: z.string(),
  hash: z.string(),
  recordedMs: instantMs.describe('Wall clock.'),
});

export const decisions = z.strictObject({ decisions: z.array(decision) });

/** Anything that is one of our own types, whose fields are in the reference. */
export const document = (what: string) => z.looseObject({}).describe(what);
