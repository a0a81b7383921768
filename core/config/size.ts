import { z } from 'zod';

const UNITS: Record<string, number> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

export const SIZE_PATTERN = '^\\d+(\\.\\d+)?\\s*(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$';

/** Bytes of "512MiB", "1.5GB" or a plain number of bytes, or NaN. */
export function parseSize(text: string | number): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kKMGT]?i?B)?$/.exec(String(text).trim());
  return match ? Number(match[1]) * (UNITS[match[2] ?? 'B'] ?? Number.NaN) : Number.NaN;
}

/** The shortest text that parseSize reads back as bytes. */
export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    if (bytes >= UNITS[unit]! && bytes % UNITS[unit]! === 0) return `${bytes / UNITS[unit]!}${unit}`;
  }
  return `${bytes}B`;
}

/** A size in configuration: a number of bytes, or text with a unit. Parsed to bytes. */
export const byteSize = (minBytes: number, maxBytes: number) => {
  const wanted = `a size such as 8MiB or 1GiB, from ${formatSize(minBytes)} to ${formatSize(maxBytes)}`;
  return z
    .union([z.string(), z.number()], { error: wanted })
    .refine((size) => {
      const bytes = parseSize(size);
      return Number.isSafeInteger(bytes) && bytes >= minBytes && bytes <= maxBytes;
    }, wanted)
    .meta({ pattern: SIZE_PATTERN })
    .transform(parseSize);
};
