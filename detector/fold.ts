import type { StreamConfig } from '../core/config/stream.ts';
import { type ErrorCode, type Fault, ok, type Result } from '../core/errors.ts';
import { LOG_LEVELS, logLevelOf } from '../core/log-level.ts';
import type { ControlEntry, LogEvent, Sample, Verdict } from '../core/types.ts';
import { LOOKS_LIKE, looksLike } from '../ingest/decode/sniff.ts';
import type { EntityWindows } from '../ingest/entity-windows.ts';
import type {
  Counters,
  Cumulative,
  Decoder,
  DecodeSink,
  LogRecord,
  Outputs,
  PartitionFold,
  PointAt,
} from '../ingest/ports.ts';
import { pickedFrom } from '../ingest/redriven.ts';
import { absentees, canBeMissed } from './absence.ts';
import { attribute } from './assessment.ts';
import { pValueOf } from './calibration.ts';
import { FoldState } from './fold-state.ts';
import { LETTERS_PER_RECORD, letterOf, pointOf } from './letters.ts';
import { Tallies } from './tallies.ts';
import { WindowJudge } from './window-judge.ts';

/** Verdicts below this severity carry no attributions: nobody asks why a normal window is normal. */
const EXPLAIN_FROM = 0.5;
/**
 * The pure fold of one partition: (state, record or control entry) → (state, outputs). Event time only; no clock, no
 * environment, no I/O, no randomness. The same log and control entries give the same bytes, whatever the batch sizes.
 */
export class Fold implements PartitionFold, DecodeSink {
  readonly state: FoldState;
  readonly tallies = new Tallies();
  readonly #config: StreamConfig;
  readonly #decoder: Decoder;
  readonly #partition: number;
  readonly #judge: WindowJudge;
  readonly #onWindow = (entity: EntityWindows, startMs: number, endMs: number, stats: Float64Array) =>
    this.#window(entity, startMs, endMs, stats);
  // Of the record being folded: itself, where outputs go, its newest event time, points and dead letters so far, and
  // whether anything but faults was found.
  #record!: LogRecord;
  #out!: Outputs;
  #newestMs = Number.NEGATIVE_INFINITY;
  #points = 0;
  #letters = 0;
  #usable = false;

  constructor(config: StreamConfig, decoder: Decoder, partition = 0, state = new FoldState(config)) {
    this.state = state;
    this.#config = config;
    this.#decoder = decoder;
    this.#partition = partition;
    this.#judge = new WindowJudge(config.window.hopMs, state.rows, this.tallies);
  }

  /** Model that a saved state needs before it can be restored; '' for none. */
  static modelOf(bytes: Uint8Array): Result<string> {
    return FoldState.modelOf(bytes);
  }

  /** The same of its challenger. */
  static challengerOf(bytes: Uint8Array): Result<string> {
    return FoldState.challengerOf(bytes);
  }

  /**
   * A fold that continues bit for bit where the saved one stopped. model, challenger: the artifacts named by modelOf and
   * challengerOf.
   */
  static restore(
    config: StreamConfig,
    decoder: Decoder,
    bytes: Uint8Array,
    model?: Uint8Array,
    partition = 0,
    challenger?: Uint8Array,
  ): Result<Fold> {
    const state = FoldState.load(config, bytes, model, challenger);
    return state.ok ? ok(new Fold(config, decoder, partition, state.value)) : state;
  }

  save(): Uint8Array {
    return this.state.save();
  }

  get counters(): Readonly<Counters> {
    return this.state.counters;
  }

  get controlSequence(): number {
    return this.state.controlSequence;
  }

  get watermarkMs(): number {
    return this.state.windows.watermarkMs;
  }

  get waitsForTime(): boolean {
    if (this.state.windows.open || this.state.profiler.open) return true;
    if (!this.#config.missing.absence) return false;
    for (const entity of this.state.entities.values()) if (canBeMissed(entity)) return true;
    return false;
  }

  /** Windows of the entity that has had the most: what a first training waits for. */
  get longestHistory(): number {
    let most = 0;
    for (const entity of this.state.entities.values()) if (entity.windows > most) most = entity.windows;
    return most;
  }

  get openIncidents(): number {
    let open = 0;
    for (const { tracker } of this.state.entities.values()) open += tracker.open;
    return open;
  }

  record(record: LogRecord, out: Outputs): void {
    this.#record = record;
    this.#out = out;
    this.#newestMs = Number.NEGATIVE_INFINITY;
    this.#points = 0;
    this.#letters = 0;
    this.#usable = false;
    const lettersBefore = out.deadLetters.length;
    const picked = pickedFrom(record, this);
    this.#decoder(record.value, picked?.appendMs ?? record.appendMs, picked?.sink ?? this);
    if (!this.#usable && this.#points > 0) this.#refused(lettersBefore);
    if (this.#newestMs > Number.NEGATIVE_INFINITY) {
      this.#advance(this.#newestMs - this.#config.window.allowedLatenessMs);
    }
  }

  /** Nothing in the record could be used. Its bytes may be of another encoding: then its letters say so. */
  #refused(lettersBefore: number): void {
    this.tallies.refusedRecords++;
    const encoding = looksLike(this.#record.value, this.#config.encoding);
    if (encoding === null) return;
    this.tallies.looksLike.set(encoding, (this.tallies.looksLike.get(encoding) ?? 0) + 1);
    for (const { fault } of this.#out.deadLetters.slice(lettersBefore)) fault.detail += LOOKS_LIKE + encoding;
  }

  sample(sample: Sample): void {
    this.#usable = true;
    const { counters } = this.state;
    const points = sample.names.length;
    if (sample.timeMs > this.#record.appendMs + this.#config.window.maxSkewMs) {
      for (let i = 0; i < points; i++) {
        const detail = `${sample.entity} ${sample.names[i]} at ${sample.timeMs}`;
        this.#refuse(this.#points + i, 'time_in_future', detail, pointOf(sample, i));
      }
      this.#points += points;
      return;
    }
    const outcome = this.state.windows.add(sample);
    counters.applied += outcome.applied;
    counters.duplicate += outcome.duplicate;
    counters.conflicts += outcome.conflicts;
    counters.filtered += outcome.filtered;
    counters.late += outcome.late;
    for (const { point, code } of outcome.refused) {
      this.#refuse(this.#points + point, code, `${sample.entity} ${sample.names[point]}`, pointOf(sample, point));
    }
    this.#points += points;
    if (sample.timeMs > this.#newestMs) this.#newestMs = sample.timeMs;
  }

  cumulative(point: Cumulative): void {
    this.#usable = true;
    const { counters, cumulative } = this.state;
    // One from the future must not become what later ones are counted from.
    const ahead = point.timeMs > this.#record.appendMs + this.#config.window.maxSkewMs;
    const outcome = ahead ? 'ahead' : cumulative.add(point);
    if (typeof outcome === 'object') return this.sample(outcome);
    const what = `${point.entity} ${point.metric}`;
    const at = { entity: point.entity, metric: point.metric, timeMs: point.timeMs };
    if (outcome === 'ahead') this.#refuse(this.#points, 'time_in_future', `${what} at ${point.timeMs}`, at);
    else if (outcome === 'full') this.#refuse(this.#points, 'series_limit', what, at);
    else if (outcome === 'first') counters.applied++;
    else if (outcome === 'conflict') {
      counters.duplicate++;
      counters.conflicts++;
    } else counters[outcome]++;
    this.#points++;
    if (outcome === 'first' && point.timeMs > this.#newestMs) this.#newestMs = point.timeMs;
  }

  event(event: LogEvent): void {
    this.#usable = true;
    this.state.counters.events++;
    const level = logLevelOf(event.level);
    this.tallies.events[level]++;
    if (event.timeMs > this.#record.appendMs + this.#config.window.maxSkewMs) return;
    this.state.windows.addEvent(event.entity, event.timeMs, LOG_LEVELS.indexOf(level));
    const entity = this.state.entities.get(event.entity);
    if (entity !== undefined && !(entity.lastEventMs >= event.timeMs)) entity.lastEventMs = event.timeMs;
    if (event.timeMs > this.#newestMs) this.#newestMs = event.timeMs;
  }

  fault(fault: Fault, at?: PointAt): void {
    const whole = at === undefined && this.#points === 0;
    this.#refuse(whole ? -1 : this.#points, fault.code, fault.detail, at);
    this.#points++;
  }

  #refuse(point: number, code: ErrorCode, detail: string, at?: PointAt): void {
    this.state.counters.dead_lettered++;
    if (this.#letters >= LETTERS_PER_RECORD) return;
    this.#letters++;
    const where = { stream: this.#config.name, partition: this.#partition, point };
    this.#out.deadLetters.push(letterOf(this.#record, where, { code, detail }, at, this.#letters));
  }

  control(entry: ControlEntry, out: Outputs, model?: Uint8Array): void {
    this.#out = out;
    const { state } = this;
    state.controlSequence = entry.sequence;
    if (entry.kind === 'watermark') return this.#advance(entry.toMs);
    const { champion, challenger } = state.serving;
    state.change(entry, model);
    if (state.serving.champion === champion && state.serving.challenger === challenger) return;
    state.profiler.end(state.counters, out, this.#partition);
    state.profiler.modelsChanged();
  }

  #advance(watermarkMs: number): void {
    const { state } = this;
    state.windows.advance(watermarkMs, this.#onWindow);
    state.profiler.passed(watermarkMs, state.counters, this.#out, this.#partition);
    const { hopMs } = this.#config.window;
    if (this.#config.missing.absence && watermarkMs >= state.absenceCheckedMs + hopMs) {
      state.absenceCheckedMs = Math.floor(watermarkMs / hopMs) * hopMs;
      this.#findAbsent(state.absenceCheckedMs);
    }
  }

  #findAbsent(nowMs: number): void {
    for (const name of absentees(this.state, this.#config, nowMs)) {
      const entity = this.state.entities.get(name)!;
      const incident = entity.tracker.missing(this.#config.name, name, entity.lastEndMs, nowMs);
      if (incident === null) continue;
      this.#out.incidents.push(incident);
      this.state.profiler.incident();
    }
  }

  #window(windows: EntityWindows, startMs: number, endMs: number, stats: Float64Array): void {
    const { state } = this;
    const entity = state.of(windows);
    const { schema } = entity;
    const values = new Float64Array(schema.names.length);
    const context = { startMs, endMs, lastEventMs: entity.lastEventMs };
    schema.compute(stats, entity.memory, context, this.#config.missing.mode, values);
    entity.seen(endMs);
    const returned = entity.tracker.returned(endMs);
    if (returned !== null) this.#out.incidents.push(returned);
    const { serving, profiler } = state;
    profiler.enter(startMs, serving, state.controlSequence, state.counters, this.#out, this.#partition);
    if (state.mode === 'disabled') return profiler.window(entity, values, serving, null);
    this.#judge.judge(entity, values, startMs, state.mode, serving);
    const { served, servedBy } = this.#judge;
    const { severity } = served;
    const forest = served.source === 'forest';
    const verdict: Verdict = {
      stream: this.#config.name,
      entity: windows.entity,
      windowStartMs: startMs,
      windowMs: endMs - startMs,
      schemaVersion: this.#config.schemaVersion,
      source: served.source,
      score: served.score,
      pValue: pValueOf(served.decades),
      severity,
      probation: served.probation,
      modelId: forest ? servedBy.modelId : '',
      calibrationVersion: forest ? servedBy.calibrationVersion : 0,
      readings: { features: schema.names, values, low: served.low.slice(), high: served.high.slice() },
      attributions: severity >= EXPLAIN_FROM ? attribute(served, schema.metrics, values) : [],
    };
    this.#out.verdicts.push(verdict);
    profiler.window(entity, values, serving, this.#judge);
    const open = entity.tracker.open;
    const incident = entity.tracker.follow(verdict, this.#config.incidents, served.onset);
    if (incident === null) return;
    this.#out.incidents.push(incident);
    if (entity.tracker.open > open) profiler.incident();
  }
}
