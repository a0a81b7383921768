import type { Aggregation } from '../core/config/stream.ts';
import { AGGREGATORS } from './aggregations.ts';

/** The parts of a feature's name, metric__aggregation__window. A metric may itself hold double underscores. */
export function parseFeatureName(name: string): {
  metric: string;
  aggregation: string;
  window: string;
  context: boolean;
} {
  const windowAt = name.lastIndexOf('__');
  const aggregationAt = name.lastIndexOf('__', windowAt - 1);
  const aggregation = name.slice(aggregationAt + 2, windowAt);
  return {
    metric: name.slice(0, aggregationAt),
    aggregation,
    window: name.slice(windowAt + 2),
    context: AGGREGATORS[aggregation as Aggregation]?.context === true,
  };
}
