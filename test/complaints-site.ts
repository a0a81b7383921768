import { streamConfig } from '../core/config/stream.ts';
import { orThrow } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import type { Incident, Verdict } from '../core/types.ts';
import { OfflineRun, trainArtifact } from '../detector/offline.ts';
import { changesTowards, inForceOf } from '../detector/serving.ts';
import { decoderFor } from '../ingest/decode/index.ts';
import type { Serving } from '../monitor/types.ts';
import { encodeTidewatchJson } from '../scenarios/encode.ts';

/** The whole path from the bytes of a record to the verdict, at production settings, for what users complain about. */

/** Nothing but a name: the defaults are what production runs. */
export const CONFIG = streamConfig.parse({ name: 'production' });
export const WINDOW_MS = CONFIG.window.sizeMs;
export const START_MS = Date.UTC(2026, 0, 5);
/** Windows of history that a profile is trained on: about seven hours. */
export const HISTORY = 2500;
export type Signal = (windowStartMs: number) => Record<string, number> | null;

/** A service with a daily shape and correlated noise of its own; the same for the same seed. */
export function service(seed: number): Signal {
  const noise = new Map<number, number[]>();
  return (startMs) => {
    const k = Math.round((startMs - START_MS) / WINDOW_MS);
    if (!noise.has(k)) {
      const random = new Random(seed * 1_000_003 + k);
      noise.set(k, [random.normal(), random.normal(), random.normal()]);
    }
    const [a, b, c] = noise.get(k)!;
    const load = 100 + 20 * Math.sin((2 * Math.PI * (startMs - START_MS)) / 86_400_000) + 3 * a!;
    return { requests_per_s: load, cpu_percent: 0.4 * load + b!, latency_ms: 20 + 0.1 * load + 0.5 * c! };
  };
}

/** A stream of entities that send at every `stepMs`, through the decoder and the fold. */
export class Stream {
  readonly verdicts: Verdict[] = [];
  readonly incidents: Incident[] = [];
  readonly run: OfflineRun;
  readonly #stepMs: number;
  #nowMs = START_MS;
  #offset = 0;

  constructor({ stepMs = 5_000, selfTrain = false, keepRows = false } = {}) {
    this.#stepMs = stepMs;
    this.run = new OfflineRun({
      config: CONFIG,
      decoder: decoderFor(CONFIG),
      selfTrain,
      keepRows,
      onOutputs: ({ verdicts, incidents }) => {
        this.verdicts.push(...verdicts);
        this.incidents.push(...incidents);
      },
    });
  }

  /** What the signals give at each window's start is sent throughout it. */
  live(windows: number, signals: Record<string, Signal>): void {
    for (const endMs = this.#nowMs + windows * WINDOW_MS; this.#nowMs < endMs; this.#nowMs += this.#stepMs) {
      for (const [entity, signal] of Object.entries(signals)) {
        const values = signal(Math.floor(this.#nowMs / WINDOW_MS) * WINDOW_MS);
        if (values === null) continue;
        const value = encodeTidewatchJson({
          entity,
          timeMs: this.#nowMs,
          names: Object.keys(values),
          values: Object.values(values),
        });
        this.run.record({ offset: this.#offset++, appendMs: this.#nowMs, key: null, value });
      }
    }
  }

  /** Puts what is served where it ought to be, as the owner of a partition does. */
  follow(serving: Serving, artifact: Uint8Array): void {
    for (const change of changesTowards(inForceOf(this.run.fold.state), serving)) {
      const entry = { ...change, offset: this.#offset, sequence: this.run.fold.controlSequence + 1 };
      this.run.control(entry, 'modelId' in change && change.modelId !== '' ? artifact : undefined);
    }
  }

  of(entity: string): Verdict[] {
    return this.verdicts.filter((verdict) => verdict.entity === entity);
  }
}

export const NORMAL = { a: service(1), b: service(2) };

/** History, and the model that training made of it. */
export const history = new Stream({ keepRows: true });
history.live(HISTORY, NORMAL);
export const MODEL = orThrow(trainArtifact(history.run.rows, CONFIG)).artifact;

export function served(model: Uint8Array | null, options = {}): Stream {
  const stream = new Stream(options);
  if (model !== null) stream.run.serve(model, 0);
  return stream;
}
