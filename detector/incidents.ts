import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import type { Attribution, Incident, IncidentKind, Verdict } from '../core/types.ts';
import { describeIncident } from './words.ts';

export interface IncidentRules {
  openAfter: number;
  openWithin: number;
  closeAfter: number;
}

/**
 * Incidents of one entity with hysteresis: openAfter anomalous windows among the last openWithin open one, closeAfter
 * quiet windows in a row resolve it. A second, independent incident stands for the entity's absence.
 */
export class IncidentTracker {
  /** Bit i: the window i windows ago was anomalous. */
  #recent = 0;
  #quiet = 0;
  #anomaly: Incident | null = null;
  #absence: Incident | null = null;

  get openId(): string | null {
    return this.#anomaly?.id ?? this.#absence?.id ?? null;
  }

  /** Incidents that are open: 0, 1 or 2. */
  get open(): number {
    return (this.#anomaly === null ? 0 : 1) + (this.#absence === null ? 0 : 1);
  }

  get absent(): boolean {
    return this.#absence !== null;
  }

  /** Follows one verdict (onset: one anomalous window is enough); returns the incident if it was opened, changed its peak or was resolved. */
  follow(verdict: Verdict, rules: IncidentRules, onset = false): Incident | null {
    const anomalous = verdict.severity > 1;
    const endMs = verdict.windowStartMs + verdict.windowMs;
    this.#recent = ((this.#recent << 1) | (anomalous ? 1 : 0)) & mask(rules.openWithin);
    this.#quiet = anomalous ? 0 : this.#quiet + 1;
    const open = this.#anomaly;
    if (open === null) {
      if (!anomalous || bits(this.#recent) < (onset ? 1 : rules.openAfter)) return null;
      this.#anomaly = start('anomaly', verdict, verdict.windowStartMs, endMs);
      return { ...this.#anomaly };
    }
    if (anomalous) {
      open.lastMs = endMs;
      open.windows++;
      if (verdict.severity > open.peakSeverity) {
        open.peakSeverity = verdict.severity;
        open.attributions = verdict.attributions;
        open.summary = describeIncident('anomaly', verdict.attributions, 0);
      }
      return { ...open };
    }
    if (this.#quiet < rules.closeAfter) return null;
    this.#anomaly = null;
    this.#recent = 0;
    return { ...open, resolvedMs: endMs };
  }

  /** The entity has sent nothing since lastMs; opens an incident once. */
  missing(stream: string, entity: string, lastMs: number, nowMs: number): Incident | null {
    if (this.#absence !== null) return null;
    this.#absence = start('absence', { stream, entity, severity: 2, attributions: [] }, lastMs, nowMs);
    return { ...this.#absence };
  }

  /** The entity reports again; resolves its absence. */
  returned(nowMs: number): Incident | null {
    const open = this.#absence;
    if (open === null) return null;
    this.#absence = null;
    return {
      ...open,
      lastMs: nowMs,
      resolvedMs: nowMs,
      summary: describeIncident('absence', [], nowMs - open.startMs),
    };
  }

  save(writer: ByteWriter): void {
    writer.u32(this.#recent);
    writer.u32(this.#quiet);
    writer.text(JSON.stringify([this.#anomaly, this.#absence].map((i) => i && encode(i))));
  }

  static load(reader: ByteReader): IncidentTracker {
    const tracker = new IncidentTracker();
    tracker.#recent = reader.u32('recent windows');
    tracker.#quiet = reader.u32('quiet windows');
    [tracker.#anomaly, tracker.#absence] = decodeBoth(reader);
    return tracker;
  }
}

type About = Pick<Verdict, 'stream' | 'entity' | 'severity' | 'attributions'>;

function start(kind: IncidentKind, about: About, startMs: number, nowMs: number): Incident {
  return {
    id: `${about.stream}/${about.entity}/${kind}/${startMs}`,
    stream: about.stream,
    entity: about.entity,
    kind,
    startMs,
    lastMs: nowMs,
    resolvedMs: null,
    peakSeverity: about.severity,
    windows: 1,
    attributions: about.attributions,
    summary: describeIncident(kind, about.attributions, nowMs - startMs),
  };
}

const mask = (n: number): number => (n >= 32 ? -1 : (1 << n) - 1);

function bits(x: number): number {
  let n = 0;
  for (let rest = x; rest !== 0; rest &= rest - 1) n++;
  return n;
}

/** JSON has no NaN or infinity, and an attribution may hold them: they travel as strings. */
function encode(incident: Incident): unknown {
  const number = (x: number) => (Number.isFinite(x) ? x : String(x));
  const attributions = incident.attributions.map((a: Attribution) =>
    [a.metric, a.share, a.value, a.expectedLow, a.expectedHigh].map((v) => (typeof v === 'number' ? number(v) : v)),
  );
  return { ...incident, attributions };
}

function decodeBoth(reader: ByteReader): [Incident | null, Incident | null] {
  const at = reader.at;
  let parsed: unknown;
  try {
    parsed = JSON.parse(reader.text('open incidents'));
  } catch (cause) {
    if (cause instanceof CorruptBytes) throw cause;
    throw new CorruptBytes('open incidents are not JSON', at);
  }
  if (!Array.isArray(parsed) || parsed.length !== 2) throw new CorruptBytes('open incidents are not a pair', at);
  return parsed.map((value) => (value === null ? null : decode(value, at))) as [Incident | null, Incident | null];
}

function decode(value: Record<string, unknown>, at: number): Incident {
  const bad = (what: string) => new CorruptBytes(`open incident has a bad ${what}`, at);
  const text = (key: string) => {
    if (typeof value[key] !== 'string') throw bad(key);
    return value[key];
  };
  const number = (key: string) => {
    if (typeof value[key] !== 'number') throw bad(key);
    return value[key];
  };
  if (!Array.isArray(value.attributions)) throw bad('attributions');
  const attributions = value.attributions.map((a: unknown): Attribution => {
    if (!Array.isArray(a) || a.length !== 5) throw bad('attribution');
    const [metric, share, v, low, high] = a;
    return {
      metric: String(metric),
      share: Number(share),
      value: Number(v),
      expectedLow: Number(low),
      expectedHigh: Number(high),
    };
  });
  const kind = text('kind');
  if (kind !== 'anomaly' && kind !== 'absence') throw bad('kind');
  return {
    id: text('id'),
    stream: text('stream'),
    entity: text('entity'),
    kind,
    startMs: number('startMs'),
    lastMs: number('lastMs'),
    resolvedMs: null,
    peakSeverity: number('peakSeverity'),
    windows: number('windows'),
    attributions,
    summary: text('summary'),
  };
}
