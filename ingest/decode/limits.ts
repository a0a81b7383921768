/** Bytes of one record's value: what a broker takes by default, and far more than one entity's points need. */
export const MAX_RECORD_BYTES = 1 << 20;
/** Bytes of an HTTP body by default, before and after gunzip: many batches of any agent. */
export const MAX_BODY_BYTES = 8 << 20;
/** Levels of objects and lists in a record; the formats themselves need three. */
export const MAX_DEPTH = 16;
/** UTF-16 units of an entity's or a metric's name; a key of a database index must hold both. */
export const MAX_NAME_LENGTH = 256;
/** Tags of one line; they are sorted for the metric's name. */
export const MAX_TAGS = 64;
/** The last instant with a four-digit year. Above it lie microseconds and nanoseconds taken for milliseconds. */
export const MAX_TIME_MS = 253_402_300_799_999;
/** What a message repeats of the data. */
const MAX_QUOTED = 40;

/** A piece of the data for a message: short, printable, on one line. */
export function quoted(text: string): string {
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  return JSON.stringify(cut.toWellFormed());
}
