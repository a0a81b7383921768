import type { Random } from '../../core/random.ts';
import {
  between,
  bounded,
  chance,
  genuine,
  identity,
  type Magnitudes,
  onset,
  pick,
  round,
  type Shift,
  type Site,
  shuffled,
} from './draws.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

type Draw = (random: Random, site: Site) => Shift;

export const DEVELOPED: Magnitudes = { factors: [1000, 1 / 1000, 60, 8], sds: [1.5, 2.5], shares: [0.3, 0.5] };
export const MEASURED: Magnitudes = {
  factors: [1024, 1 / 1024, 3600, 100, 1 / 100, 1e6, 1e-6, 1 / 60, 1 / 8],
  sds: [1.2, 3.5],
  shares: [0.2, 0.7],
};

/**
 * Kinds of shift, each with its truth. A change that takes longer than one interval is gradual, and what is over within one,
 * wherever it begins, is sudden: here gradual ones take five to eight intervals and have arrived at the end of the one that
 * is judged, and sudden ones are there from one sample to the next.
 */
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
