export { alertmanagerConfig } from './alertmanager.ts';
export { compileRules } from './compile.ts';
export { DEAD_MAN_NAMES, INSTALLATION, JOBS } from './dead-man.ts';
export { grafanaAlerting } from './grafana.ts';
export { prometheusConfig, prometheusRules } from './prometheus.ts';
export {
  COMPOSE_FILES,
  type CompiledRule,
  PROMETHEUS_UID,
  type RuledStream,
  type RuleFiles,
  type RuleOptions,
} from './rule.ts';
