import type { PolicyConfig } from '../../../core/config/policy.ts';
import type { Result } from '../../../core/errors.ts';
import type { Dismissal, Incident } from '../../../core/types.ts';
import type { AuditStore, TokenStore } from '../../access/ports.ts';
import type { Registry } from '../../controller/ports.ts';
import type { LabelStore, OfferStore } from '../../labels/ports.ts';
import type { MaintenanceStore } from '../../notify/ports.ts';
import type { LedgerEntry, MonitorStore } from '../../store.ts';
import type { Actor, Command, Decision } from '../../types.ts';

/** As PolicyConfig has them. */
export type Budgets = Pick<PolicyConfig, 'retrainsPerMonth' | 'rollbacksPerDay' | 'recalibrationsPerDay'>;

/** What the operations of the monitor are made of; wired by cli/. */
export interface MonitorParts {
  streams: readonly string[];
  store: Pick<MonitorStore, 'state' | 'serving' | 'observations' | 'ledger' | 'decision'>;
  registry: Pick<Registry, 'list' | 'keep'>;
  labels: LabelStore;
  offers: OfferStore;
  maintenance: MaintenanceStore;
  tokens: TokenStore;
  audit: AuditStore;
  incident(id: string): Promise<Incident | null>;
  /** What dismissing an incident adds to the calibration; too_little_data when nothing of it is known any more. */
  dismissalsOf(incident: Incident): Promise<Result<Dismissal[]>>;
  /** Hands a command to the controller; what was decided. Fault: stands_by while no controller is in charge. */
  command(stream: string, command: Command, actor: Actor, note: string): Promise<Result<Decision[]>>;
  /** What the policy of a stream allows; left out, pages show what was spent and not what is left. */
  budgets?(stream: string): Budgets | null;
  /** Computes a decision again from its evidence. */
  explain(entry: LedgerEntry): Promise<{ agrees: boolean; why: string; sentences: readonly string[] }>;
  now: () => number;
  /** A name that nothing else has. */
  newId: () => string;
}
