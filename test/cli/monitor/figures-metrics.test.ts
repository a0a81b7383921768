import { expect, test } from 'vitest';
import { PrometheusMetrics } from '../../../cli/metrics/registry.ts';
import { FiguresMetrics, MAX_FEATURES } from '../../../cli/monitor/figures-metrics.ts';
import { firstState } from '../../../monitor/decide/step.ts';
import type { Observation } from '../../../monitor/observation.ts';
import { makeObservation, T0 } from '../../store/monitor-make.ts';

const feature = (i: number): Observation['features'][number] => ({
  feature: `f${i}`,
  psi: i / 1_000,
  ks: null,
  missing: 0,
  missingInTraining: 0,
  psiLimit: 1,
  ksLimit: 1,
  status: i > 100 ? 'drift' : 'unknown',
});

function site() {
  const metrics = new PrometheusMetrics({ kind: 'monitor', version: '1', process: false });
  return { metrics, figures: new FiguresMetrics(metrics) };
}

test('of a thousand features the fifty that have shifted most have series; what is unknown has none', async () => {
  const { metrics, figures } = site();
  figures.active(true);
  figures.observed({
    ...makeObservation(T0, { stream: 's' }),
    features: Array.from({ length: 1_000 }, (_, i) => feature(i)),
  });
  const text = await metrics.text();
  const lines = text.split('\n').filter((line) => line.startsWith('tidewatch_drift_'));
  expect(lines.filter((line) => line.startsWith('tidewatch_drift_psi')).length).toBe(MAX_FEATURES);
  expect(lines).toContain('tidewatch_drift_psi{stream="s",feature="f999"} 0.999');
  expect(lines).toContain('tidewatch_drift_status{stream="s",feature="f999"} 2');
  expect(lines.some((line) => line.startsWith('tidewatch_drift_ks'))).toBe(false);
});

test('a process that stands by shows nothing of the streams', async () => {
  const { metrics, figures } = site();
  figures.active(true);
  figures.observed(makeObservation(T0, { stream: 's' }));
  figures.state({ ...firstState('s'), suspended: true });
  expect(await metrics.text()).toContain('tidewatch_controller_state{stream="s"} 8');
  figures.active(false);
  const text = await metrics.text();
  expect(text).toContain('\ntidewatch_monitor_active 0');
  expect(text).not.toContain('stream="s"');
});
