import { type ErrorCode, type Fault, fail, ok, type Result, TidewatchError } from '../../core/errors.ts';

/** As much of kafkajs' errors as says what they are. Names and types are Kafka's (protocol error codes) and kafkajs'. */
interface KafkaError {
  name?: string;
  type?: string;
  message?: string;
  cause?: unknown;
  originalError?: unknown;
  errors?: unknown[];
}

const REFUSED =
  /AUTHORIZATION_FAILED|authorization failed|SASL_AUTHENTICATION|SASLAuthentication|authentication failed|UNSUPPORTED_SASL|ILLEGAL_SASL|certificate|self.signed|SSL|TLS/i;
const MISSING = /UNKNOWN_TOPIC_OR_PARTITION|does not host this topic|INVALID_TOPIC/i;
/** Of a connection that was cut while TLS was agreed: by a broker that ends, or by a port without TLS. */
const CUT = /disconnected before secure TLS/;
const TOO_LARGE = /MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE/;
/** A broker that speaks TLS and is spoken to in plain closes the connection, or sends what looks like a giant answer. */
const PLAIN_TO_TLS = /outside of the allowed range|Invalid array length|ERR_OUT_OF_RANGE/i;

/** What was thrown by kafkajs, as a fault. The text names no secrets: kafkajs' messages hold none. */
export function kafkaFault(thrown: unknown): Fault {
  const own = ownError(thrown, 0);
  if (own !== null) return { code: own.code, detail: own.detail };
  const texts: string[] = [];
  collect(thrown, texts, 0);
  const all = texts.join(' ');
  const code: ErrorCode = TOO_LARGE.test(all)
    ? 'record_too_large'
    : MISSING.test(all)
      ? 'topic_missing'
      : (REFUSED.test(all) && !CUT.test(all)) || PLAIN_TO_TLS.test(all)
        ? 'broker_refused'
        : 'broker_unavailable';
  return {
    code,
    detail: texts
      .filter((text, i) => texts.indexOf(text) === i)
      .join(': ')
      .slice(0, 500),
  };
}

/** Bugs of our own must not look like an outage. */
const OURS = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']);

/** Looks closer at a fault that may be another than it seems. groupId: of the group that was asked about. */
export type Explain = (fault: Fault, groupId?: string) => Promise<Fault>;
const itself: Explain = async (fault) => fault;

/** The result of a call, with what kafkajs throws as a fault. */
export async function asResult<T>(call: () => Promise<T>, explain: Explain = itself): Promise<Result<T>> {
  try {
    return ok(await call());
  } catch (cause) {
    if (cause instanceof Error && OURS.has(cause.name)) throw cause;
    const { code, detail } = await explain(kafkaFault(cause));
    return fail(code, detail);
  }
}

function collect(thrown: unknown, texts: string[], depth: number): void {
  if (thrown === null || typeof thrown !== 'object' || depth > 5) return;
  const { type, message, cause, originalError, errors } = thrown as KafkaError;
  if (type !== undefined) texts.push(type);
  if (message) texts.push(message);
  for (const inner of [cause, originalError, ...(errors ?? [])]) collect(inner, texts, depth + 1);
}

/** An error of our own that kafkajs has wrapped, such as that of a codec. */
function ownError(thrown: unknown, depth: number): TidewatchError | null {
  if (thrown instanceof TidewatchError) return thrown;
  if (thrown === null || typeof thrown !== 'object' || depth > 5) return null;
  return ownError((thrown as KafkaError).cause, depth + 1);
}
