import type { Random } from '../../core/random.ts';
import type { CauseKind } from '../../core/triggers.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What a shift may look at when it is drawn. */
export interface Site {
  entities: number;
  metrics: readonly string[];
  /** Indices of metrics that move all the time in every entity: what befalls them can be seen. */
  lively: readonly number[];
  /** Indices of metrics that move at times in most entities. */
  varied: readonly number[];
  /** End of the interval that is judged, and the length of intervals. */
  atMs: number;
  intervalMs: number;
  periodMs: number;
}

/** One value of one entity, before it is sent. */
export interface Cell {
  entity: number;
  metric: number;
  timeMs: number;
  value: number;
  /** Standard deviation of the cell in training. */
  sd: number;
}

/** Something that happens to a fleet. What is left out stays as it is; all are functions of their arguments and the seed. */
export interface Shift {
  kind: CauseKind;
  /** In words, with its magnitude. */
  label: string;
  value?: (cell: Cell) => number;
  /** Name under which a metric is sent; null: it is not. */
  name?: (entity: number, metric: number, timeMs: number) => string | null;
  /** A metric that was not there before. */
  extra?: (entity: number, timeMs: number) => { name: string; value: number } | null;
  /** Milliseconds that a sample is late; null: it never comes. */
  delayMs?: (entity: number, timeMs: number) => number | null;
  /** Entities of the period: which one they are like, by what name, at what scale. */
  roster?: (timeMs: number) => readonly { like: number; name: string | null; scale: number }[];
}

type Draw = (random: Random, site: Site) => Shift;

/** The magnitudes that rules are written against, and others that they are measured on. */
export interface Magnitudes {
  factors: readonly number[];
  sds: readonly [least: number, most: number];
  shares: readonly [least: number, most: number];
}
export const DEVELOPED: Magnitudes = { factors: [1000, 1 / 1000, 60, 8], sds: [1.5, 2.5], shares: [0.3, 0.5] };
export const MEASURED: Magnitudes = {
  factors: [1024, 1 / 1024, 3600, 100, 1 / 100, 1e6, 1e-6, 1 / 60, 1 / 8],
  sds: [1.2, 3.5],
  shares: [0.2, 0.7],
};

export const SHIFTS: Readonly<Record<string, (m: Magnitudes) => Draw>> = {
  nothing: () => () => ({ kind: 'none', label: 'nothing' }),
  'samples lost': (m) => (random, site) => {
    const share = between(random, m.shares);
    const fromMs = onset(random, site);
    const seed = random.below(2 ** 30);
    return {
      kind: 'missing_data',
      label: `${round(share)} of the samples lost`,
      delayMs: (e, t) => (t >= fromMs && chance(seed, e, t / 1000) < share ? null : 0),
    };
  },
  blackout: (m) => (random, site) => {
    const lengthMs = between(random, m.shares) * site.intervalMs;
    const fromMs = site.atMs - lengthMs - random.next() * (site.intervalMs - lengthMs);
    return {
      kind: 'missing_data',
      label: `nothing came for ${round(lengthMs / HOUR_MS)} h`,
      delayMs: (_, t) => (t >= fromMs && t < fromMs + lengthMs ? null : 0),
    };
  },
  'values lost': (m) => (random, site) => {
    const share = between(random, m.shares);
    const fromMs = onset(random, site);
    const seed = random.below(2 ** 30);
    return {
      kind: 'missing_data',
      label: `${round(share)} of the values lost`,
      // A window has two samples: a value is missing from it when it is missing from both.
      value: ({ entity, metric, timeMs, value }) =>
        timeMs >= fromMs && chance(seed, entity * 997 + metric, Math.floor(timeMs / 600_000)) < share
          ? Number.NaN
          : value,
    };
  },
  late: (m) => (random, site) => {
    const share = between(random, m.shares);
    const byMs = (0.6 + 2 * random.next()) * HOUR_MS;
    const fromMs = onset(random, site) - byMs;
    const seed = random.below(2 ** 30);
    return {
      kind: 'late_data',
      label: `${round(share)} of the samples ${round(byMs / HOUR_MS)} h late`,
      delayMs: (e, t) => (t >= fromMs && chance(seed, e, Math.floor(t / 600_000)) < share ? byMs : 0),
    };
  },
  dropped: () => (random, site) => {
    const metric = pick(random, site.lively);
    const fromMs = onset(random, site);
    return {
      kind: 'schema_change',
      label: 'a metric dropped',
      name: (_, c, t) => (c === metric && t >= fromMs ? null : site.metrics[c]!),
    };
  },
  renamed: (m) => (random, site) => {
    const metric = pick(random, site.lively);
    const fromMs = onset(random, site);
    const part =
      random.next() < 0.5 ? site.entities : Math.max(1, Math.round(between(random, m.shares) * site.entities));
    return {
      kind: 'schema_change',
      label: `a metric renamed in ${part} of ${site.entities} entities`,
      name: (e, c, t) => (c === metric && e < part && t >= fromMs ? `${site.metrics[c]}_v2` : site.metrics[c]!),
    };
  },
  added: () => (random, site) => {
    const fromMs = onset(random, site);
    return {
      kind: 'schema_change',
      label: 'a metric added',
      extra: (e, t) => (t >= fromMs ? { name: 'added', value: 10 + e + (t % 7) } : null),
    };
  },
  unit: (m) => (random, site) => {
    const metric = pick(random, site.lively);
    const factor = pick(random, m.factors);
    const fromMs = onset(random, site);
    return {
      kind: 'unit_change',
      label: `unit × ${Number(factor.toPrecision(3))}`,
      value: ({ metric: c, timeMs, value }) => (c === metric && timeMs >= fromMs ? value * factor : value),
    };
  },
  'units of several': (m) => (random, site) => {
    const metrics = shuffled(random, site.lively).slice(0, 3);
    const factor = pick(random, m.factors);
    const fromMs = onset(random, site);
    return {
      kind: 'unit_change',
      label: `unit of ${metrics.length} metrics × ${Number(factor.toPrecision(3))}`,
      value: ({ metric, timeMs, value }) => (metrics.includes(metric) && timeMs >= fromMs ? value * factor : value),
    };
  },
  'unit rolled out': (m) => (random, site) => {
    const metric = pick(random, site.lively);
    const factor = pick(random, m.factors);
    const fromMs = onset(random, site);
    const part = Math.max(1, Math.round(between(random, m.shares) * site.entities));
    return {
      kind: 'unit_change',
      label: `unit × ${Number(factor.toPrecision(3))} in ${part} of ${site.entities} entities`,
      value: ({ entity, metric: c, timeMs, value }) =>
        c === metric && entity < part && timeMs >= fromMs ? value * factor : value,
    };
  },
  fahrenheit: () => (random, site) => {
    const metric = pick(random, site.lively);
    const fromMs = onset(random, site);
    // Telemetry of the sets is scaled to 0..1, so that it is taken for hundredths of a degree Celsius to read as one.
    return {
      kind: 'unit_change',
      label: '°C sent as °F',
      value: ({ metric: c, timeMs, value }) =>
        c === metric && timeMs >= fromMs ? value * 1.8 + (Math.abs(value) <= 2 ? 0.32 : 32) : value,
    };
  },
  newcomers: (m) => (random, site) => {
    const count = Math.max(1, Math.round(between(random, m.shares) * site.entities));
    const fromMs = onset(random, site);
    const old = identity(site);
    const grown = [
      ...old,
      ...Array.from({ length: count }, (_, k) => ({
        like: k % site.entities,
        name: `new-${k}`,
        scale: 0.6 + random.next(),
      })),
    ];
    return { kind: 'entity_mix', label: `${count} entities join`, roster: (t) => (t >= fromMs ? grown : old) };
  },
  leavers: (m) => (random, site) => {
    const count = Math.max(1, Math.round(between(random, m.shares) * site.entities * 0.7));
    const fromMs = onset(random, site);
    const old = identity(site);
    return {
      kind: 'entity_mix',
      label: `${count} entities leave`,
      roster: (t) => (t >= fromMs ? old.slice(count) : old),
    };
  },
  storm: (m) => (random, site) => {
    const lengthMs = (0.6 + 1.8 * random.next()) * HOUR_MS;
    const fromMs = site.atMs - HOUR_MS - lengthMs - random.next() * (site.intervalMs - lengthMs - HOUR_MS);
    const entities = Math.max(2, Math.round((0.7 + 0.3 * random.next()) * site.entities));
    const metrics = shuffled(random, site.varied).slice(
      0,
      Math.max(2, Math.round(between(random, m.shares) * site.varied.length)),
    );
    const sizes = metrics.map(() => (random.next() < 0.3 ? -1 : 1) * (4 + 5 * random.next()));
    const starts = Array.from({ length: site.entities }, () => fromMs + random.next() * 0.4 * HOUR_MS);
    return {
      kind: 'fault_storm',
      label: `a storm of ${round(lengthMs / HOUR_MS)} h over ${entities} entities`,
      value: ({ entity, metric, timeMs, value, sd }) => {
        const k = metrics.indexOf(metric);
        if (k < 0 || entity >= entities || timeMs < starts[entity]! || timeMs >= starts[entity]! + lengthMs)
          return value;
        return bounded(value, value + sizes[k]! * sd);
      },
    };
  },
  'daily season': (m) => (random, site) => {
    const moved = genuine(random, site, m);
    const fromMs = site.atMs - 12 * DAY_MS;
    const startsMs = (site.atMs - site.intervalMs) % DAY_MS;
    return {
      kind: 'season',
      label: 'the same hours of every day',
      value: (cell) => {
        const since = (cell.timeMs - startsMs + DAY_MS) % DAY_MS;
        return cell.timeMs >= fromMs && since < site.intervalMs ? moved(cell, 1) : cell.value;
      },
    };
  },
  'weekly season': (m) => (random, site) => {
    const moved = genuine(random, site, m);
    const k = random.below(5);
    const startMs = site.atMs - (k + 1) * site.intervalMs;
    return {
      kind: 'season',
      label: 'the same days of every week',
      value: (cell) => {
        const since = (((cell.timeMs - startMs) % (7 * DAY_MS)) + 7 * DAY_MS) % (7 * DAY_MS);
        return since < 2 * DAY_MS ? moved(cell, 1) : cell.value;
      },
    };
  },
  sudden: (m) => (random, site) => {
    const moved = genuine(random, site, m);
    const fromMs = onset(random, site);
    return {
      kind: 'sudden_drift',
      label: 'a sudden genuine change',
      value: (cell) => (cell.timeMs >= fromMs ? moved(cell, 1) : cell.value),
    };
  },
  gradual: (m) => (random, site) => {
    const moved = genuine(random, site, m);
    const lengthMs = (30 + 18 * random.next()) * HOUR_MS;
    const fromMs = site.atMs - lengthMs;
    return {
      kind: 'gradual_drift',
      label: `a genuine change over ${round(lengthMs / HOUR_MS)} h`,
      value: (cell) =>
        cell.timeMs >= fromMs ? moved(cell, Math.min(1, (cell.timeMs - fromMs) / lengthMs)) : cell.value,
    };
  },
};

/** Several metrics of every entity move together, each in a measure of its own that wavers a little. */
function genuine(random: Random, site: Site, m: Magnitudes): (cell: Cell, grown: number) => number {
  const count = Math.max(3, Math.round(between(random, m.shares) * site.varied.length));
  const metrics = shuffled(random, site.varied).slice(0, count);
  const directions = metrics.map(() => (random.next() < 0.35 ? -1 : 1));
  const sd = between(random, m.sds);
  const seed = random.below(2 ** 30);
  return ({ entity, metric, timeMs, value, sd: of }, grown) => {
    const k = metrics.indexOf(metric);
    if (k < 0) return value;
    const own = 0.7 + 0.6 * chance(seed, entity * 997 + metric, 1);
    const wavers = 0.85 + 0.3 * chance(seed, entity, timeMs / 1000);
    return bounded(value, value + grown * directions[k]! * sd * own * wavers * of);
  };
}

/** What cannot be negative stays so: it halves instead. */
const bounded = (value: number, moved: number): number => (value >= 0 && moved < 0 ? value / 2 : moved);

/** At the start of the interval that is judged, or up to four intervals before it, wherever that falls. */
function onset(random: Random, site: Site): number {
  const back = random.below(5);
  return site.atMs - site.intervalMs * (1 + back + (back === 0 ? 0 : random.next() * 0.9));
}

const identity = (site: Site) =>
  Array.from({ length: site.entities }, (_, like) => ({ like, name: null as string | null, scale: 1 }));

const round = (x: number): number => Number(x.toPrecision(2));
const between = (random: Random, [least, most]: readonly [number, number]): number =>
  least + (most - least) * random.next();
const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;

/** A number in [0, 1) that belongs to (seed, a, b). */
function chance(seed: number, a: number, b: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(a + 1, 0xc2b2ae35) ^ Math.imul(b % 2 ** 31, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
}

function shuffled<T>(random: Random, from: readonly T[]): T[] {
  const out = [...from];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
