import type { ErrorCode, Fault } from '../../core/errors.ts';
import { logLevelOf } from '../../core/log-level.ts';
import type { DecodeSink } from '../ports.ts';
import { isName } from './names.ts';
import { ownerOf } from './otlp-resource.ts';
import { type Fields, fieldsOf, integerOf, listOf, millisOf, textOf } from './otlp-values.ts';

/** Names of the severity numbers, four of each. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Log records of an ExportLogsServiceRequest become events; docs/reference/formats.md says how. */
export class OtlpLogs {
  readonly #entityTags: readonly string[];
  #sink!: DecodeSink;

  constructor(entityTags: readonly string[]) {
    this.#entityTags = entityTags;
  }

  request(request: Fields, appendMs: number, sink: DecodeSink): void {
    this.#sink = sink;
    for (const resource of this.#each(request.resourceLogs, 'resourceLogs')) {
      const owner = ownerOf(resource.resource, this.#entityTags);
      for (const scope of this.#each(resource.scopeLogs, 'scopeLogs'))
        for (const record of this.#each(scope.logRecords, 'logRecords')) this.#record(record, owner, appendMs);
    }
  }

  #record(record: Fields, owner: { entity: string } | Fault, appendMs: number): void {
    if ('code' in owner) return this.#sink.fault(owner, {});
    const timeMs = millisOf(record.timeUnixNano) || millisOf(record.observedTimeUnixNano);
    if (Number.isNaN(timeMs)) return this.#fault('time_invalid', 'timeUnixNano of a log record');
    const body = textOf(record.body);
    if (body === null) return this.#fault('record_too_deep', 'the body of a log record');
    this.#sink.event({ entity: owner.entity, timeMs: timeMs || appendMs, level: levelOf(record), body });
  }

  *#each(value: unknown, what: string): Generator<Fields> {
    const list = listOf(value);
    if (list === null) return this.#fault('record_shape', `${what} is no list`);
    for (const item of list) {
      const fields = fieldsOf(item);
      if (fields === null) this.#fault('record_shape', `an item of ${what} is no object`);
      else yield fields;
    }
  }

  #fault(code: ErrorCode, detail: string): void {
    this.#sink.fault({ code, detail }, {});
  }
}

/** The sender's own word when it is one for a level, else that of its number, else its word; '' for nothing. */
function levelOf(record: Fields): string {
  const { severityText } = record;
  const word = typeof severityText === 'string' && isName(severityText) ? severityText.toLowerCase() : '';
  if (logLevelOf(word) !== 'unknown') return word;
  const number = integerOf(record.severityNumber);
  return (number >= 1 ? LEVELS[Math.floor((number - 1) / 4)] : undefined) ?? word;
}
