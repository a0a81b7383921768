import type { PolicyConfig } from '../../core/config/policy.ts';
import type { Trigger, Urgency } from '../../core/triggers.ts';
import type { BuildOptions } from '../options.ts';

/** What rules know of a stream; its triggers are those in force, its policy's changes included. */
export interface RuledStream {
  name: string;
  triggers: readonly Trigger[];
  limits: PolicyConfig['limits'];
  alertRatioBand: PolicyConfig['alertRatioBand'];
  /** How often its figures change. */
  grainMs: number;
}

/** One alert rule, from which those of Prometheus and of Grafana are made. */
export interface CompiledRule {
  kind: 'trigger' | 'dead_man';
  /** The alertname; a trigger's rule has the trigger's name. */
  name: string;
  title: string;
  /** Rules of streams with the same configuration are in one group; in Grafana it is a folder too. */
  group: string;
  /** Streams it is for; none: the installation. */
  streams: readonly string[];
  /** PromQL: series above 0 where and while the condition holds, none elsewhere. */
  expr: string;
  forMs: number;
  severity: Urgency | 'none';
  means: string;
  /** Page of docs/runbooks, or an address. */
  runbook: string;
  /** Page of the console, as its address goes on after the host. */
  console: string;
  trigger: Trigger | null;
  /** Whether the measured limit may take the place of the trigger's own. */
  measured: boolean;
  /** Whether its stream is a label of the rule: there are others of its name, and Prometheus wants to tell them apart. */
  ownLabels: boolean;
}

/** Where programs read what git must not know. */
export interface RuleFiles {
  /** The token that /metrics wants. */
  httpToken: string;
  /** The secret of POST /alerts. */
  alertsSecret: string;
  /** Address of a webhook in Slack's format that reaches people; null: nobody is told by Alertmanager. */
  peopleUrl: string | null;
}

/** As docker-compose.yml mounts its secrets. */
export const COMPOSE_FILES: RuleFiles = {
  httpToken: '/run/secrets/http_token',
  alertsSecret: '/run/secrets/alerts_secret',
  peopleUrl: '/run/secrets/people_url',
};

export type RuleOptions = Pick<BuildOptions, 'consoleUrl' | 'alertmanagerUrl' | 'monitorUrl' | 'targets'> & {
  files?: RuleFiles;
};

/** Of the Prometheus that Grafana's rules ask. */
export const PROMETHEUS_UID = 'tidewatch-prometheus';

/** Between two evaluations. */
export const EVERY_MS = 60_000;
