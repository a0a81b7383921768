import { fail, ok, type Result } from '../../core/errors.ts';
import { MAX_RECORD_BYTES } from '../decode/limits.ts';
import type { KafkaAdmin } from './ports.ts';

/** Letters are few, and somebody has to find the time for them: 30 days. */
const KEPT_MS = 30 * 86_400_000;
/** The largest record and the headers that come on top of it. */
const MAX_LETTER_BYTES = MAX_RECORD_BYTES + (64 << 10);

/**
 * Makes the topic of dead letters where there is none. Without it the first bad record would stop its partition. Fault
 * broker_refused where we may not, which says what to create.
 */
export async function ensureDeadLetterTopic(admin: KafkaAdmin, topic: string): Promise<Result<'made' | 'exists'>> {
  const known = await admin.topic(topic);
  if (!known.ok) return known;
  if (known.value !== null) return ok('exists');
  const config = { 'retention.ms': String(KEPT_MS), 'max.message.bytes': String(MAX_LETTER_BYTES) };
  const made = await admin.createTopic(topic, 1, config);
  if (made.ok || made.fault.code !== 'broker_refused') return made;
  return fail(
    'broker_refused',
    `${made.fault.detail}; create the topic ${topic}, or set kafka.deadLetterTopic to null`,
  );
}
