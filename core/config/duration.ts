import { z } from 'zod';

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const DURATION_PATTERN = '^\\d+(\\.\\d+)?\\s*(ms|s|m|h|d)$';

/** Milliseconds of "250ms", "10s", "5m", "6h", "30d", or NaN. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim());
  return match ? Number(match[1]) * UNITS[match[2]!]! : Number.NaN;
}

/** The shortest text that parseDuration reads back as ms. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= UNITS[unit]! && ms % UNITS[unit]! === 0) return `${ms / UNITS[unit]!}${unit}`;
  }
  return `${ms}ms`;
}

/** A duration in configuration: text with a unit. Parsed to milliseconds. */
export const duration = (minMs = 0, maxMs = 366 * UNITS.d!) =>
  z
    .string()
    .refine(
      (text) => {
        const ms = parseDuration(text);
        return Number.isInteger(ms) && ms >= minMs && ms <= maxMs;
      },
      `a duration such as 250ms, 10s, 5m, 6h or 30d, from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`,
    )
    .meta({ pattern: DURATION_PATTERN })
    .transform(parseDuration);
