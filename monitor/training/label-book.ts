import type { Label } from '../controller/ports.ts';

/**
 * What people said, by entity. Of several labels about the very same range the newest holds; ranges that differ and
 * overlap with different words contradict each other, and then the windows in both are not used at all.
 */
export class LabelBook {
  readonly #byEntity = new Map<string, Label[]>();
  readonly #dismissed = new Set<string>();
  readonly #labels: Label[] = [];

  constructor(labels: readonly Label[]) {
    const newest = new Map<string, Label>();
    for (const label of labels) {
      const key = `${label.entity}\0${label.fromMs}\0${label.toMs}`;
      const held = newest.get(key);
      if (held === undefined || label.createdMs > held.createdMs) newest.set(key, label);
    }
    for (const label of newest.values()) {
      this.#labels.push(label);
      const list = this.#byEntity.get(label.entity);
      if (list === undefined) this.#byEntity.set(label.entity, [label]);
      else list.push(label);
      if (label.label === 'normal' && label.incident !== null) this.#dismissed.add(label.incident);
    }
  }

  /** An operator said of this incident that it was none. */
  dismissed(incident: string): boolean {
    return this.#dismissed.has(incident);
  }

  anomalous(): readonly Label[] {
    return this.#labels.filter(({ label }) => label === 'anomalous');
  }

  /** What was said of a window; null for nothing. A label is about the windows that start in it. */
  of(entity: string, startMs: number): 'anomalous' | 'normal' | 'conflict' | null {
    let said: 'anomalous' | 'normal' | null = null;
    for (const { fromMs, toMs, label } of this.#byEntity.get(entity) ?? []) {
      if (startMs < fromMs || startMs >= toMs) continue;
      if (said !== null && said !== label) return 'conflict';
      said = label;
    }
    return said;
  }
}
