/**
 * The closed list of everything that can be wrong with what users give us. Data errors travel as values (`Fault`);
 * exceptions (`TidewatchError`) are for infrastructure and for a command that cannot go on. docs/reference/errors.md
 * is generated from this table.
 */
export const ERRORS = {
  // records and points
  record_not_json: ['The record is not valid JSON.', 'Send one JSON object a record, in UTF-8.'],
  record_not_protobuf: [
    'The record is not Protobuf of the schema expected.',
    'Check that the encoding of the stream is that of its sender.',
  ],
  record_not_utf8: ['The record is not valid UTF-8.', 'Encode records in UTF-8.'],
  record_too_large: ['The record exceeds the size limit.', 'Split it; docs/reference/formats.md has the limits.'],
  record_too_deep: ['The JSON nests deeper than the limit.', 'Flatten the record.'],
  batch_unreadable: [
    'A compressed batch of a Kafka topic cannot be read: it is damaged, or larger than the limit.',
    'The message says which. Each of its records becomes a dead letter; look after its sender, or the disks of the broker.',
  ],
  record_empty: ['The record has no value.', 'Producers must not send null or empty values.'],
  record_shape: [
    'The record lacks a required field or a field has the wrong type.',
    'See docs/reference/formats.md for the fields.',
  ],
  line_syntax: [
    'The line is not Influx line protocol.',
    'See docs/reference/formats.md; the position is in the message.',
  ],
  key_forbidden: ['A field is named __proto__, constructor or prototype.', 'Rename the field.'],
  entity_missing: [
    'No entity could be found in the record.',
    'Name the attribute that identifies the entity in streams[].entityTags.',
  ],
  entity_limit: [
    'The partition already holds the configured number of entities.',
    'Raise limits.entities or add partitions.',
  ],
  metric_limit: [
    'The entity already has the configured number of metrics.',
    'Raise limits.metricsPerEntity or filter metrics.',
  ],
  series_limit: [
    'The partition already follows as many cumulative series as it can.',
    'Send deltas, or fewer attributes, or use more partitions; docs/reference/formats.md has the limit.',
  ],
  window_full: [
    'A window of one metric already holds the configured number of points.',
    'Raise limits.pointsPerWindow or use a shorter window.',
  ],
  name_invalid: ['An entity or metric name is empty or too long.', 'Use names of 1 to 256 characters.'],
  value_not_finite: ['The value is NaN or infinite.', 'Leave a missing measurement out; it is then handled as a gap.'],
  value_not_number: ['The value is not a number.', 'Send numbers; text belongs into log events.'],
  time_invalid: ['The time is missing or not a valid instant.', 'Send milliseconds since the Unix epoch.'],
  time_in_future: [
    'The time is further ahead of the append time than window.maxSkew.',
    'Set the clock of the sender (NTP), or raise window.maxSkew.',
  ],
  // files and bytes
  artifact_corrupt: [
    'The model artifact is damaged.',
    'Train again, or restore the file; the message names the field.',
  ],
  artifact_version: ['The model artifact was written by another format version.', 'Train again with this version.'],
  artifact_mismatch: [
    'The model does not fit the stream (feature schema, limits or golden vectors differ).',
    'Train a model on this stream.',
  ],
  artifact_too_large: ['The model artifact exceeds 20 MB.', 'Train with fewer entities or own-past predictors.'],
  state_corrupt: [
    'The checkpointed partition state is damaged.',
    'The generation before it is used; if both are damaged the log is replayed from its start.',
  ],
  state_mismatch: [
    'The checkpointed partition state was made with other windows or features.',
    'Nothing to do: windows start afresh at its offset, and the model that was in force serves if it fits.',
  ],
  profile_corrupt: [
    'The bytes of an interval profile are damaged, or of another model.',
    'It is left out of the figures; the message names the position.',
  ],
  calibration_invalid: [
    'A calibration cannot be used: its knots, alert rate or dismissals are out of range.',
    'The message names what was wrong; docs/drift.md has the limits.',
  ],
  recording_corrupt: ['The recording is damaged.', 'Capture it again; the message names the position.'],
  segment_torn: [
    'The last segment of the log ended in the middle of a record.',
    'Nothing to do: it was cut at its last whole record, which was never acknowledged.',
  ],
  file_unknown: ['The file is neither a model nor a recording.', 'Give a file that train, fit or a recording wrote.'],
  segment_corrupt: [
    'A segment of the log is damaged.',
    'The message names file, position and the records lost; all others are read. Look after the disk.',
  ],
  file_missing: ['The file does not exist or cannot be read.', 'Check the path and the permissions.'],
  table_shape: [
    'A table has a bad row: another number of columns, or a cell that is not a number.',
    'The message names line and column.',
  ],
  too_little_data: [
    'There is too little data to train on.',
    'The message says how much there is and how much is needed.',
  ],
  training_refused: [
    'The data breaks a rule of training.',
    'The message names the rule and what broke it; nothing was trained.',
  ],
  // figures
  sample_empty: ['A figure was asked of no data.', 'Nothing to do: it is unknown until there is data.'],
  sample_not_finite: [
    'A sample holds a value that is not a finite number.',
    'The message names its place; leave missing values out.',
  ],
  bins_mismatch: [
    'Two lists or histograms that belong together differ in their bins or their length.',
    'Compare counts on the bins of the same reference profile.',
  ],
  count_invalid: ['A count is negative, not whole, or too large to be exact.', 'The message names the count.'],
  argument_invalid: ['A setting of a figure lies outside its range.', 'The message names the range.'],
  histogram_corrupt: ['The bytes of a histogram are damaged, or of other bins.', 'The message names the position.'],
  // the ledger
  evidence_missing: [
    'Evidence of a decision is not there.',
    'Restore it from a backup; without it the decision cannot be computed again.',
  ],
  evidence_altered: [
    'Evidence of a decision is not what its hash says.',
    'Somebody or something changed it since; restore it from a backup, and look after the database.',
  ],
  // notifications
  signature_invalid: [
    'The signature of a webhook is missing, malformed, stale or wrong.',
    'Give both sides the same secret, and see that their clocks agree within five minutes.',
  ],
  destination_refused: [
    'A receiver of notifications may not be called.',
    'Use an http or https URL of a public host, or set allowPrivate for a receiver in your own network.',
  ],
  delivery_failed: ['A notification could not be delivered.', 'The message says why; it is sent again by itself.'],
  // running
  config_invalid: [
    'The configuration is invalid.',
    'The message names the key, what it got, what it wanted and the nearest valid name.',
  ],
  port_taken: ['The port is in use by another program.', 'Stop it, or set TIDEWATCH_PORT.'],
  already_running: ['Another Tidewatch already runs on this data directory.', 'Stop it, or choose another directory.'],
  disk_full: ['The disk is full.', 'Free space; acknowledged records are safe and intake resumes by itself.'],
  overloaded: [
    'Intake is faster than the worker.',
    'Retry after the seconds given; nothing of this request was accepted.',
  ],
  stands_by: [
    'Another process decides, or none does yet.',
    'Ask the one whose tidewatch_monitor_active is 1, or again in a moment.',
  ],
  database_unavailable: ['PostgreSQL does not answer.', 'See .tidewatch/postgres.log; the worker retries.'],
  database_refused: [
    'PostgreSQL refuses us, or is not the server that it should be.',
    'Check user, password, rights, sslmode and sslrootcert of database.url.',
  ],
  database_not_migrated: [
    'The database has not the tables of this version.',
    'Run `tidewatch migrate` with the login that owns them.',
  ],
  database_newer: ['The database was migrated by a newer version.', 'Run that version, or another data directory.'],
  broker_unavailable: [
    'Kafka does not answer.',
    'Check kafka.brokers and that the brokers run; a worker retries by itself.',
  ],
  broker_refused: [
    'Kafka refuses us.',
    'Check kafka.tls, kafka.username and kafka.passwordFile, and the rights (ACLs) of that user.',
  ],
  topic_missing: ['The topic does not exist.', 'Create it, or name another in streams[].topic.'],
  log_truncated: [
    'The log ends before the place up to which it was already read.',
    'It was made anew or lost its end. Restore it, or go on under a new stream name.',
  ],
  stalled: [
    'A partition has records to read and makes no progress.',
    'The worker ends so that its supervisor starts it anew; the log says what it was waiting for.',
  ],
  platform_unsupported: [
    'No embedded PostgreSQL exists for this platform.',
    'Set database.url to a PostgreSQL 15 or newer.',
  ],
  program_missing: [
    'A program that is needed here is not installed.',
    'Install it, and see that PATH (or JAVA_HOME) leads to it; `tidewatch services --help` says what needs what.',
  ],
  fetch_failed: [
    'Something that is needed could not be downloaded.',
    'Check the network and the mirror that Maven or apt uses, and run it again.',
  ],
  unauthorized: ['The token is missing or wrong.', 'Send Authorization: Bearer TOKEN (or Token TOKEN).'],
  forbidden_scope: [
    'The token may not do this.',
    'Use a token with the scope named; `tidewatch tokens --help` makes one.',
  ],
  too_many_requests: ['There were too many requests.', 'Wait for the seconds given in Retry-After.'],
  forbidden_origin: [
    'Host or Origin is not this server.',
    'Call it by its own address; browsers of other sites are refused.',
  ],
  request_invalid: [
    'The request is not valid.',
    'The message names the field and what it wanted; see docs/reference/api.md.',
  ],
  internal: ['Something failed inside Tidewatch.', 'The log says what; please report it.'],
  not_found: ['There is no such thing.', 'The message names what was looked for.'],
  fault_unknown: ['There is no such fault.', '`tidewatch inject --help` lists them.'],
} as const satisfies Record<string, readonly [meaning: string, remedy: string]>;

export type ErrorCode = keyof typeof ERRORS;

/** What the windows refuse in points that were read well; the other faults of points are of their bytes. */
export const WINDOW_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'time_in_future',
  'entity_limit',
  'metric_limit',
  'series_limit',
  'window_full',
]);

const INFRASTRUCTURE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'port_taken',
  'already_running',
  'disk_full',
  'overloaded',
  'stands_by',
  'database_unavailable',
  'database_refused',
  'database_not_migrated',
  'database_newer',
  'broker_unavailable',
  'broker_refused',
  'topic_missing',
  'log_truncated',
  'stalled',
  'platform_unsupported',
  'program_missing',
  'fetch_failed',
]);

/** Whether the surroundings are to blame, which another time may be otherwise; not what was given. */
export const isInfrastructure = (code: ErrorCode): boolean => INFRASTRUCTURE.has(code);

/** What was wrong with a piece of data: a value, never thrown. detail names what was seen and where. */
export interface Fault {
  code: ErrorCode;
  detail: string;
}

export type Result<T> = { ok: true; value: T } | { ok: false; fault: Fault };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const fail = (code: ErrorCode, detail: string): { ok: false; fault: Fault } => ({
  ok: false,
  fault: { code, detail },
});

/** One line for a person: what is wrong, where, and what to do. */
export function describe(fault: Fault): string {
  const [meaning, remedy] = ERRORS[fault.code];
  return `${fault.code}: ${meaning} ${fault.detail ? `(${fault.detail}) ` : ''}${remedy}`;
}

/** Ends a command with a message for a person; cause is kept. */
export class TidewatchError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;

  constructor(code: ErrorCode, detail: string, options?: { cause?: unknown }) {
    super(describe({ code, detail }), options);
    this.name = 'TidewatchError';
    this.code = code;
    this.detail = detail;
  }
}

/** Unwraps a result at the edge where going on makes no sense. */
export function orThrow<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new TidewatchError(result.fault.code, result.fault.detail);
}
