import { formatDuration } from '../core/config/duration.ts';
import type { FeatureRule, StreamConfig } from '../core/config/stream.ts';
import { AGGREGATORS, type FeatureContext } from './aggregations.ts';
import { globMatcher } from './metric-filter.ts';
import { COUNT, MEAN, STATS } from './pane.ts';

/** One feature of a schema: where its inputs are, and where its memory lies in the entity's FeatureMemory. */
interface Column {
  rule: FeatureRule;
  slot: number;
  bySlot: number;
  memoryAt: number;
}

/**
 * The features of entities with the same metrics. Names are metric__aggregation__window, rule by rule, metrics in the
 * order of their names, so the order of arrival does not matter.
 */
export class FeatureSchema {
  readonly names: readonly string[];
  /** Metric of each feature, in whose name it speaks. */
  readonly metrics: readonly string[];
  /** True for features that describe the moment, not the entity: inputs without evidence of their own. */
  readonly context: readonly boolean[];
  /** Metrics of the entity that the schema was made for. */
  readonly metricCount: number;
  /** Doubles of memory that an entity needs between windows. */
  readonly memorySize: number;
  readonly #columns: Column[] = [];

  /** metrics: the entity's, in slot order. */
  constructor(config: StreamConfig, metrics: readonly string[]) {
    const names: string[] = [];
    const owners: string[] = [];
    const context: boolean[] = [];
    const bySlot = new Map(metrics.map((name, slot) => [name, slot]));
    const sorted = [...metrics].sort();
    const window = formatDuration(config.window.sizeMs);
    let memoryAt = 0;
    const put = (rule: FeatureRule, metric: string, slot: number) => {
      const aggregator = AGGREGATORS[rule.aggregation];
      const by = rule.by === undefined ? -1 : (bySlot.get(rule.by) ?? -1);
      if (rule.aggregation === 'ratio' && (by < 0 || by === slot)) return;
      const suffix =
        rule.aggregation === 'lag' || rule.aggregation === 'change'
          ? rule.lag === 1
            ? ''
            : String(rule.lag)
          : rule.by === undefined
            ? ''
            : `_${rule.by}`;
      const name = `${metric}__${rule.aggregation}${suffix}__${window}`;
      if (names.includes(name)) return;
      names.push(name);
      owners.push(metric);
      context.push(aggregator.context === true);
      this.#columns.push({ rule, slot, bySlot: by, memoryAt });
      memoryAt += aggregator.memory(rule) + (config.missing.mode === 'previous' ? 1 : 0);
    };
    for (const rule of config.features) {
      if (AGGREGATORS[rule.aggregation].context === true) {
        put(rule, 'time', 0);
        continue;
      }
      const matches = globMatcher(rule.metric);
      for (const metric of sorted) if (matches(metric)) put(rule, metric, bySlot.get(metric)!);
    }
    this.names = names;
    this.metricCount = metrics.length;
    this.metrics = owners;
    this.context = context;
    this.memorySize = memoryAt;
  }

  /** Memory for this schema that keeps what features of the same name remembered under another. */
  carryMemory(from: FeatureSchema, memory: Float64Array): Float64Array {
    const carried = new Float64Array(this.memorySize).fill(Number.NaN);
    for (let i = 0; i < this.names.length; i++) {
      const held = from.names.indexOf(this.names[i]!);
      if (held < 0) continue;
      const at = from.#columns[held]!.memoryAt;
      const end = from.#columns[held + 1]?.memoryAt ?? from.memorySize;
      carried.set(memory.subarray(at, end), this.#columns[i]!.memoryAt);
    }
    return carried;
  }

  /**
   * Features of one window into out (names.length). NaN marks a missing one unless the missing mode fills it.
   * memory: memorySize doubles, NaN at first, carried from window to window.
   */
  compute(
    stats: Float64Array,
    memory: Float64Array,
    at: FeatureContext,
    mode: StreamConfig['missing']['mode'],
    out: Float64Array,
  ): void {
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i]!;
      const { rule, slot, memoryAt } = column;
      const statsAt = slot * STATS;
      if (mode === 'zero' && stats[statsAt + COUNT] === 0) {
        stats.fill(0, statsAt, statsAt + STATS);
        stats[statsAt + COUNT] = 1;
      }
      const divisor =
        column.bySlot < 0 || stats[column.bySlot * STATS + COUNT] === 0
          ? Number.NaN
          : stats[column.bySlot * STATS + MEAN]!;
      const aggregator = AGGREGATORS[rule.aggregation];
      let value = aggregator.compute(stats, statsAt, memory, memoryAt, at, rule, divisor);
      if (mode === 'previous') {
        const previousAt = memoryAt + aggregator.memory(rule);
        if (Number.isNaN(value)) value = memory[previousAt]!;
        else memory[previousAt] = value;
      }
      out[i] = value;
    }
  }
}

/** Schemas by the metrics of an entity; entities of one kind share one. */
export class FeatureSchemas {
  readonly #config: StreamConfig;
  readonly #byMetrics = new Map<string, FeatureSchema>();

  constructor(config: StreamConfig) {
    this.#config = config;
  }

  for(metrics: readonly string[]): FeatureSchema {
    const key = metrics.join('\0');
    let schema = this.#byMetrics.get(key);
    if (schema === undefined) {
      schema = new FeatureSchema(this.#config, metrics);
      this.#byMetrics.set(key, schema);
    }
    return schema;
  }
}
