import { expect, test } from 'vitest';
import { PrometheusMetrics } from '../../../cli/metrics/registry.ts';
import { FiguresMetrics, MAX_FEATURES } from '../../../cli/monitor/figures-metrics.ts';
import { CAUSES } from '../../../core/triggers.ts';
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

test('limits, intervals and the cause have series; of a figure that is unknown there is none, its value included', async () => {
  const { metrics, figures } = site();
  figures.active(true);
  const made = makeObservation(T0, { stream: 's' });
  figures.observed({
    ...made,
    cause: { ...made.cause, kind: 'season' },
    spans: {
      grain: { alert_rate_ratio: { value: 3, status: 'unknown', limit: [0.2, 5], interval: [0, 9] } },
      interval: {
        psi_feature: { value: 0.3, status: 'warn', limit: 0.4 },
        data_quality: { value: 30, status: 'ok', limit: 18 },
        alert_rate_ratio: { value: 1, status: 'ok', limit: [0.2, 5], interval: [0.5, 2] },
        errors: { value: 0, status: 'ok', limit: null },
      },
      day: {},
      week: {},
    },
  });
  const text = await metrics.text();
  const lines = text.split('\n').filter((line) => /^tidewatch_(figure(_limit|_interval)?|cause)\{/.test(line));
  const of = (figure: string) => `stream="s",figure="${figure}",span="interval"`;
  expect(lines.filter((line) => !line.startsWith('tidewatch_cause')).sort()).toEqual(
    [
      `tidewatch_figure{${of('psi_feature')}} 0.3`,
      `tidewatch_figure{${of('data_quality')}} 30`,
      `tidewatch_figure{${of('alert_rate_ratio')}} 1`,
      `tidewatch_figure{${of('errors')}} 0`,
      `tidewatch_figure_limit{${of('psi_feature')},bound="high"} 0.4`,
      `tidewatch_figure_limit{${of('data_quality')},bound="low"} 18`,
      `tidewatch_figure_limit{${of('alert_rate_ratio')},bound="low"} 0.2`,
      `tidewatch_figure_limit{${of('alert_rate_ratio')},bound="high"} 5`,
      `tidewatch_figure_interval{${of('alert_rate_ratio')},bound="low"} 0.5`,
      `tidewatch_figure_interval{${of('alert_rate_ratio')},bound="high"} 2`,
    ].sort(),
  );
  const causes = lines.filter((line) => line.startsWith('tidewatch_cause'));
  expect(causes.length).toBe(CAUSES.length);
  expect(causes.filter((line) => line.endsWith(' 1'))).toEqual(['tidewatch_cause{stream="s",cause="season"} 1']);
});
