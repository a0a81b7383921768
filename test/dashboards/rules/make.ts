import { TRIGGERS } from '../../../core/trigger-table.ts';
import { COMPOSE_ADDRESSES } from '../../../dashboards/options.ts';
import type { RuledStream, RuleOptions } from '../../../dashboards/rules/index.ts';

export const OPTIONS: RuleOptions = { ...COMPOSE_ADDRESSES, consoleUrl: 'http://127.0.0.1:8484' };

/** A stream with the shipped triggers. */
export const makeStream = (change: Partial<RuledStream> = {}): RuledStream => ({
  name: 'demo',
  triggers: TRIGGERS,
  limits: 'measured',
  alertRatioBand: [0.2, 5],
  grainMs: 3_600_000,
  ...change,
});
