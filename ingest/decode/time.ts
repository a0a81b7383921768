import { MAX_TIME_MS } from './limits.ts';

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Milliseconds since the epoch, whole ones; NaN when the number is no instant between 1970 and 9999. */
export function timeOfNumber(ms: number): number {
  return ms >= 0 && ms <= MAX_TIME_MS ? Math.floor(ms) : Number.NaN;
}

/** The same of an RFC 3339 date-time with its offset; finer parts of a second are cut off. A leap second is the next one. */
export function timeOfText(text: string): number {
  const m = text.length <= 40 ? RFC_3339.exec(text) : null;
  if (m === null) return Number.NaN;
  const year = Number(m[1]);
  const month = Number(m[2]);
  const day = Number(m[3]);
  const hour = Number(m[4]);
  const minute = Number(m[5]);
  const second = Number(m[6]);
  const offsetHour = Number(m[9] ?? 0);
  const offsetMinute = Number(m[10] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN;
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return Number.NaN;
  const ms = Number((m[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const offset = (m[8] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute);
  // Date.UTC takes the years 0 to 99 for 1900 and later.
  return year < 100 ? Number.NaN : timeOfNumber(Date.UTC(year, month - 1, day, hour, minute - offset, second, ms));
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Units of a timestamp of line protocol, with the zeros that turn each into nanoseconds. */
export const PRECISIONS = { ns: 0, us: 3, ms: 6, s: 9 } as const;
export type Precision = keyof typeof PRECISIONS;

/**
 * Milliseconds of the digits of a timestamp; NaN when they are none or no instant between 1970 and 9999. By the digits,
 * since nanoseconds do not fit a double.
 */
export function timeOfDigits(digits: string, precision: Precision): number {
  if (digits.length === 0 || digits.length > 24) return Number.NaN;
  for (let i = 0; i < digits.length; i++) {
    const c = digits.charCodeAt(i);
    if (c < 48 || c > 57) return Number.NaN;
  }
  if (precision === 's') return timeOfNumber(Number(digits) * 1000);
  const cut = 6 - PRECISIONS[precision];
  return timeOfNumber(Number(digits.slice(0, Math.max(0, digits.length - cut))));
}
