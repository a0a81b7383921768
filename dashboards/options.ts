import type { PolicyConfig } from '../core/config/policy.ts';
import type { Trigger } from '../core/triggers.ts';

/** What dashboards and rules know of a stream; the triggers are those in force, its policy's changes included. */
export interface DashboardStream {
  name: string;
  triggers: readonly Trigger[];
  limits: PolicyConfig['limits'];
  alertRatioBand: PolicyConfig['alertRatioBand'];
  budgets: Pick<PolicyConfig, 'retrainsPerMonth' | 'rollbacksPerDay' | 'recalibrationsPerDay'>;
  /** Share of normal windows that may be called anomalous. */
  alertRate: number;
  /** From the end of a window to its being judged, at least: allowed lateness and length of the window. */
  windowMs: number;
  latenessMs: number;
  grainMs: number;
  intervalMs: number;
}

/** Where the parts find each other. Addresses for people are reached by their browsers, the others by the programs. */
export interface BuildOptions {
  streams: readonly DashboardStream[];
  /** For people: the console, without a slash at the end. Its /runbooks/NAME are linked. */
  consoleUrl: string;
  /** For people: Grafana. */
  grafanaUrl: string;
  prometheusUrl: string;
  alertmanagerUrl: string;
  /** Where alerts are posted to: POST /alerts. */
  monitorUrl: string;
  /** What Prometheus scrapes: host:port, found again by DNS where there are several. */
  targets: { worker: string; monitor: string };
  postgres: { host: string; database: string; user: string; sslmode: 'disable' | 'require' | 'verify-full' };
}

/** The names that docker-compose.yml gives. */
export const COMPOSE_ADDRESSES: Omit<BuildOptions, 'streams' | 'consoleUrl'> = {
  grafanaUrl: 'http://127.0.0.1:3000',
  prometheusUrl: 'http://prometheus:9090',
  alertmanagerUrl: 'http://alertmanager:9093',
  monitorUrl: 'http://monitor:8484',
  targets: { worker: 'worker:8484', monitor: 'monitor:8484' },
  postgres: { host: 'postgres:5432', database: 'tidewatch', user: 'grafana', sslmode: 'disable' },
};
