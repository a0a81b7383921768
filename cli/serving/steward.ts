import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import type { ControlChange, ControlEntry } from '../../core/types.ts';
import { changesTowards, inForceOf, type Wanted } from '../../detector/serving.ts';
import type { ModelRef, Serving } from '../../monitor/types.ts';
import type { Tended, TendedLoop } from './tended.ts';

export interface StewardOptions {
  stream: StreamConfig;
  clock: Clock;
  logger: Logger;
  /** Partitions of the stream that this process serves now. */
  served: () => Iterable<Tended>;
  /** What a monitor says ought to serve, null while none has said anything. */
  serving: () => Promise<Serving | null>;
  /** The model that has the role, null for none: it serves where no monitor says anything else. */
  champion: () => Promise<ModelRef | null>;
  /** Called each time that there is nothing to serve with: may train the first model. */
  withoutModel?: (loops: readonly TendedLoop[]) => Promise<void>;
  /** An entry was appended that changes what serves. */
  onChanged?: () => void;
}

const LOOK_MS = 1_000;
/** What a partition refused, or what has not led where it should, is asked for again after this. */
const RETRY_MS = 60_000;

/** What was asked of a partition: it takes effect some records later. */
interface Asked {
  atMs: number;
  /** Of the entry; null while it is on its way, or was refused. */
  sequence: number | null;
}

/**
 * Leads every partition of a stream to what ought to serve: a row in PostgreSQL that the monitor writes, and the breaker of
 * each partition, say what that is; the control entries that the owner of a partition appends are what is.
 */
export class Steward {
  readonly #o: StewardOptions;
  readonly #logger: Logger;
  /** By what was asked, as JSON; forgotten once it is no longer to be asked. */
  readonly #asked = new WeakMap<TendedLoop, Map<string, Asked>>();
  /** Loops that are being asked: one change after the other, because each is safe only after the one before. */
  readonly #busy = new WeakSet<TendedLoop>();

  constructor(options: StewardOptions) {
    this.#o = options;
    this.#logger = options.logger.child({ stream: options.stream.name });
  }

  /** Looks until the signal aborts. Nothing that goes wrong here stops what serves. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#o;
    while (!signal.aborted) {
      await this.look().catch((err) => this.#logger.warn({ err }, 'what ought to serve could not be looked up'));
      await clock.sleep(LOOK_MS, signal);
    }
  }

  /** One look; resolves when everything that is new has been asked for, not when it is in force. */
  async look(): Promise<void> {
    const partitions = [...this.#o.served()].filter(({ loop }) => loop !== null);
    if (partitions.length === 0) return;
    const serving = await this.#o.serving();
    const champion = serving?.champion ?? (await this.#o.champion());
    if (champion === null) await this.#o.withoutModel?.(partitions.map(({ loop }) => loop!));
    const base = serving ?? {
      challenger: null,
      calibration: null,
      mode: 'forest',
      reason: 'no monitor says otherwise',
    };
    const wanted: Wanted = { ...base, champion };
    for (const partition of partitions) this.#lead(partition, wanted);
  }

  #lead({ partition, loop, health }: Tended, wanted: Wanted): void {
    if (loop === null || this.#busy.has(loop)) return;
    const nowMs = this.#o.clock.elapsed();
    const objection = wanted.mode === 'forest' ? (health?.objection(nowMs) ?? null) : null;
    const here: Wanted = objection === null ? wanted : { ...wanted, mode: 'fallback', reason: objection };
    const changes = changesTowards(inForceOf(loop.fold.state), here);
    const before = this.#asked.get(loop) ?? new Map<string, Asked>();
    const asked = new Map<string, Asked>();
    const due: { key: string; change: ControlChange }[] = [];
    for (const change of changes) {
      const key = JSON.stringify(change);
      const known = before.get(key);
      if (known !== undefined && this.#waits(known, loop, nowMs)) asked.set(key, known);
      else due.push({ key, change });
    }
    this.#asked.set(loop, asked);
    if (due.length === 0) return;
    this.#busy.add(loop);
    void this.#ask(partition, loop, due, asked, nowMs).finally(() => this.#busy.delete(loop));
  }

  /** An entry that the fold has not come to yet is only late. */
  #waits({ atMs, sequence }: Asked, loop: TendedLoop, nowMs: number): boolean {
    if (sequence !== null && sequence > loop.fold.controlSequence) return true;
    return nowMs - atMs < RETRY_MS;
  }

  async #ask(
    partition: number,
    loop: TendedLoop,
    due: readonly { key: string; change: ControlChange }[],
    asked: Map<string, Asked>,
    atMs: number,
  ): Promise<void> {
    for (const { key, change } of due) {
      try {
        const entry = await loop.change(change);
        asked.set(key, { atMs, sequence: entry.sequence });
        this.#logger.info({ partition, ...told(entry) }, 'serves so from this offset on');
        this.#o.onChanged?.();
      } catch (err) {
        this.#logger.warn({ partition, ...told(change), err }, 'does not serve so here; tried again in a minute');
        // what would have followed is safe only behind this one
        for (const { key: later } of due) if (!asked.has(later)) asked.set(later, { atMs, sequence: null });
        return;
      }
    }
  }
}

/** Without the knots and dismissals of a calibration, which can be long. */
function told(change: ControlChange | ControlEntry): Record<string, unknown> {
  const { kind } = change;
  const at = 'offset' in change ? { offset: change.offset } : {};
  if (kind === 'calibration') return { kind, ...at, modelId: change.modelId, version: change.version };
  if (kind === 'challenger') return { kind, ...at, modelId: change.modelId, share: change.share };
  return { ...change, ...at };
}
