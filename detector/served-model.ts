import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { fail, ok, type Result } from '../core/errors.ts';
import type { ControlChange, Dismissal } from '../core/types.ts';
import { type Assessment, attribute } from './assessment.ts';
import { alertDecades } from './calibration.ts';
import { KNOTS } from './knots.ts';
import type { StreamModel } from './model.ts';
import type { ReferenceProfile } from './reference.ts';
import { entityScales } from './scales.ts';

/** Dismissals of a calibration; a longer list is refused. */
export const MAX_DISMISSALS = 256;
const MAX_NAME = 256;
/** Evidence may exceed what was dismissed by so much before it alarms. */
const DISMISSAL_MARGIN = 1.1;

export type CalibrationChange = Extract<ControlChange, { kind: 'calibration' }>;

/** A model in force, champion or challenger, with the calibration that it has been given since. */
export class ServedModel {
  /** '' for none. */
  readonly modelId: string;
  readonly model: StreamModel | null;
  /** How its training data were distributed; null where it has none. */
  readonly reference: ReferenceProfile | null;
  /** Decades of evidence at which a window is anomalous, before what an entity's own threshold adds. */
  alertDecades: number;
  /** Knots of the combined score; null: the model's own. */
  combined: Float64Array | null = null;
  /** The entry that calibrated it, or null while the model and the configuration hold. */
  calibration: CalibrationChange | null = null;
  #dismissals = new Map<string, Dismissal[]>();

  /** alertRate: the configured one. */
  constructor(modelId: string, model: StreamModel | null, alertRate: number) {
    this.modelId = modelId;
    this.model = model;
    this.reference = model?.reference ?? null;
    this.alertDecades = alertDecades(alertRate);
  }

  get calibrationVersion(): number {
    return this.calibration?.version ?? this.model?.calibration.version ?? 0;
  }

  /** Median and scale of each feature of the reference for an entity; null for one that the model does not know. */
  scalesOf(entity: string): Float32Array | null {
    return this.model && entityScales(this.model, entity);
  }

  /**
   * change: one that checkCalibration finds nothing wrong with. True when alerts mean something else from here on: what
   * entities' own thresholds have risen by was against the calibration before, and would add to what this one corrects.
   */
  calibrate(change: CalibrationChange): boolean {
    const { alertDecades: decades, combined } = this;
    this.calibration = change;
    this.alertDecades = alertDecades(change.alertRate);
    this.combined = change.combined === undefined ? null : Float64Array.from(change.combined);
    this.#dismissals = new Map();
    for (const dismissal of change.dismissals ?? []) {
      const held = this.#dismissals.get(dismissal.entity);
      if (held === undefined) this.#dismissals.set(dismissal.entity, [dismissal]);
      else held.push(dismissal);
    }
    return decades !== this.alertDecades || `${combined}` !== `${this.combined}`;
  }

  /**
   * By how much the severity of a window is divided, 1 for none: evidence that leads with the metric and the direction of
   * a dismissal alarms only when it exceeds what was dismissed.
   */
  leniency(entity: string, assessment: Assessment, metrics: readonly string[], values: Float64Array): number {
    if (this.#dismissals.size === 0) return 1;
    const dismissals = this.#dismissals.get(entity);
    if (dismissals === undefined) return 1;
    const lead = attribute(assessment, metrics, values)[0];
    if (lead === undefined) return 1;
    const usual = (lead.expectedLow + lead.expectedHigh) / 2;
    const direction = lead.value > usual ? 'high' : lead.value < usual ? 'low' : null;
    let leniency = 1;
    for (const { metric, direction: dismissed, decades } of dismissals) {
      if (metric !== lead.metric || dismissed !== direction) continue;
      leniency = Math.max(leniency, (decades * DISMISSAL_MARGIN) / this.alertDecades);
    }
    return leniency;
  }

  save(writer: ByteWriter): void {
    const { calibration } = this;
    writer.u8(calibration === null ? 0 : 1);
    if (calibration === null) return;
    writer.u32(calibration.version);
    writer.f64(calibration.alertRate);
    writer.f64s(calibration.combined ?? []);
    writer.u32(calibration.dismissals?.length ?? 0);
    for (const { entity, metric, direction, decades } of calibration.dismissals ?? []) {
      writer.text(entity);
      writer.text(metric);
      writer.u8(direction === 'high' ? 1 : 0);
      writer.f64(decades);
    }
  }

  load(reader: ByteReader): void {
    const flag = reader.u8('calibration flag');
    if (flag > 1) throw new CorruptBytes(`calibration flag is ${flag}`, reader.at);
    if (flag === 0) return;
    const version = reader.u32('calibration version');
    const alertRate = reader.f64('alert rate');
    const combined = Array.from(reader.f64s('combined knots'));
    const dismissals = Array.from(
      { length: reader.count('dismissals', 17, MAX_DISMISSALS) },
      (): Dismissal => ({
        entity: reader.text('dismissed entity'),
        metric: reader.text('dismissed metric'),
        direction: reader.u8('direction') === 1 ? 'high' : 'low',
        decades: reader.f64('dismissed decades'),
      }),
    );
    const { modelId } = this;
    const change: CalibrationChange = { kind: 'calibration', modelId, version, alertRate };
    if (combined.length > 0) change.combined = combined;
    if (dismissals.length > 0) change.dismissals = dismissals;
    const checked = checkCalibration(change);
    if (!checked.ok) throw new CorruptBytes(checked.fault.detail, reader.at);
    this.calibrate(change);
  }
}

/** calibration_invalid for one that cannot be put in force. */
export function checkCalibration({ version, alertRate, combined, dismissals = [] }: CalibrationChange): Result<null> {
  const wrong = (detail: string) => fail('calibration_invalid', detail);
  if (!Number.isInteger(version) || version < 0 || version > 0xffffffff) return wrong(`version is ${version}`);
  if (!(alertRate > 0 && alertRate < 1)) return wrong(`alertRate is ${alertRate}, between 0 and 1 expected`);
  if (combined !== undefined && !areKnots(combined)) return wrong(`combined is not ${KNOTS} finite ascending numbers`);
  if (dismissals.length > MAX_DISMISSALS)
    return wrong(`there are ${dismissals.length} dismissals, at most ${MAX_DISMISSALS} expected`);
  for (const { entity, metric, direction, decades } of dismissals) {
    if (entity.length > MAX_NAME || metric.length > MAX_NAME) return wrong('a name of a dismissal is too long');
    if (direction !== 'high' && direction !== 'low') return wrong(`direction of a dismissal is ${direction}`);
    if (!(decades >= 0 && decades < Number.POSITIVE_INFINITY)) return wrong(`decades of a dismissal are ${decades}`);
  }
  return ok(null);
}

const areKnots = (knots: readonly number[]): boolean =>
  knots.length === KNOTS && knots.every((x, k) => Number.isFinite(x) && (k === 0 || x >= knots[k - 1]!));
