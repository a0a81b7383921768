import type { Result } from '../../core/errors.ts';
import type { ActiveFault, FaultControl, FaultKind, FaultRequest } from '../../monitor/ports.ts';
import type { FaultInjector } from './injector.ts';
import { FAULTS, fittingMetrics } from './table.ts';

/** The switchboard of an injector: requests start at the stream's present, which eventTime tells. */
export class FaultSwitchboard implements FaultControl {
  readonly #injector: FaultInjector;
  readonly #eventTime: () => number;

  constructor(injector: FaultInjector, eventTime: () => number) {
    this.#injector = injector;
    this.#eventTime = eventTime;
  }

  kinds(): readonly FaultKind[] {
    const metrics = [...new Set([...this.#injector.known.values()].flat())];
    return FAULTS.map((fault) => ({
      name: fault.name,
      title: fault.title,
      description: fault.description,
      metrics: fittingMetrics(fault, metrics),
    }));
  }

  entities(): readonly string[] {
    return [...this.#injector.known.keys()];
  }

  inject(request: FaultRequest): Result<ActiveFault> {
    return this.#injector.inject(request, this.#eventTime());
  }

  active(): readonly ActiveFault[] {
    return this.#injector.active(this.#eventTime());
  }

  clear(id: string): boolean {
    return this.#injector.clear(id);
  }
}
