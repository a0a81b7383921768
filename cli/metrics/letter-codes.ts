import { type ErrorCode, WINDOW_FAULTS } from '../../core/errors.ts';

/** What can be wrong with the bytes of a record; the windows refuse the rest. */
const DECODE_FAULTS = [
  'batch_unreadable',
  'entity_missing',
  'key_forbidden',
  'line_syntax',
  'name_invalid',
  'record_empty',
  'record_not_json',
  'record_not_protobuf',
  'record_not_utf8',
  'record_shape',
  'record_too_deep',
  'record_too_large',
  'time_invalid',
  'value_not_finite',
  'value_not_number',
] as const satisfies readonly ErrorCode[];

/** Every code that a dead letter can have, with where it fails. */
export const LETTER_CODES: readonly (readonly [stage: 'decode' | 'window', code: ErrorCode])[] = [
  ...DECODE_FAULTS.map((code) => ['decode', code] as const),
  ...[...WINDOW_FAULTS].map((code) => ['window', code] as const),
];
