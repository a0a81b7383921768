import { bandFill, bandSeries, createChart, severitySeries } from './chart.js';
import { anomalousStretches, bounds, outside, withGaps } from './chart-data.js';
import { h } from './dom.js';
import { formatExpected, formatSeverity, formatValue, plural } from './format.js';
import { levelOf } from './severity.js';
import { formatTime } from './time.js';

const SEVERITY_HEIGHT_PX = 130;
const METRIC_HEIGHT_PX = 150;

/** Charts of one entity: severity first, then its metrics. only: metrics to show, in this order; all if left out. */
export function entityCharts(onZoom, only) {
  const severityAt = h('div', { class: 'severity-chart' });
  const grid = h('div', { class: 'charts' });
  const charts = new Map();
  let latest = null;

  const columnsOf = (key) => charts.get(key).columns;

  function severityChart() {
    return createChart({
      title: 'Severity',
      heightPx: SEVERITY_HEIGHT_PX,
      series: severitySeries,
      limit: 1,
      keyboard: true,
      range: ([, severity]) => bounds([severity ?? []], { floor: 0, least: 1.25 }),
      readout: (index) => {
        const [times, severity] = columnsOf('severity');
        const i = index ?? times.length - 1;
        if (severity[i] === null || severity[i] === undefined) return 'no data';
        const when = index === null ? '' : `${formatTime(times[i])}: `;
        return `${when}${formatSeverity(severity[i])}, ${levelOf(severity[i])}; the line at 1 is the alert limit`;
      },
      onZoom,
    });
  }

  function metricChart(series) {
    const key = series.feature;
    return createChart({
      title: titleOf(series),
      metric: series.metric,
      heightPx: METRIC_HEIGHT_PX,
      series: bandSeries,
      bands: bandFill,
      range: (data) => bounds(data.slice(1, 4)),
      readout: (index) => {
        const [times, low, high, value] = columnsOf(key);
        const i = index ?? times.length - 1;
        if (i < 0) return 'no data';
        const when = index === null ? '' : `${formatTime(times[i])}: `;
        return `${when}${formatValue(series.metric, value[i])}, ${formatExpected(series.metric, low[i], high[i])}`;
      },
      onZoom,
    });
  }

  function put(key, place, make, columns, words, nothing) {
    if (!charts.has(key)) {
      const chart = make();
      charts.set(key, { chart, columns });
      place.append(chart.figure);
    }
    const held = charts.get(key);
    held.columns = columns;
    const range = { fromMs: latest.fromMs, toMs: latest.toMs };
    held.chart.update(columns, range, anomalousStretches(latest), words, nothing);
  }

  return {
    node: h('div', null, severityAt, grid),
    update(data) {
      latest = data;
      const { times, severity, stepMs } = data;
      const above = severity.map((s) => (s > 1 ? s : null));
      put(
        'severity',
        severityAt,
        severityChart,
        withGaps(times, [severity, above], stepMs),
        `Severity over time: ${plural(data.anomalousWindows, 'anomalous window')} of ${data.windows}. Arrow keys move through time.`,
        'Not measured: no window of this range has a severity.',
      );
      const shown = only ? only.flatMap((m) => data.series.filter((s) => s.metric === m)) : data.series;
      for (const series of shown) {
        const { feature, low, high, value } = series;
        const out = outside(series);
        put(
          feature,
          grid,
          () => metricChart(series),
          withGaps(times, [low, high, value, out], stepMs),
          chartWords(series, out),
          `Not measured: no point of ${series.metric} came in this range.`,
        );
      }
    },
    destroy() {
      for (const { chart } of charts.values()) chart.destroy();
    },
  };
}

export function titleOf({ metric, aggregation }) {
  return aggregation === '' || aggregation === 'mean' ? metric : `${metric}, ${aggregation.replace('_', ' ')}`;
}

/** What the picture says, for those who do not see it. */
function chartWords(series, out) {
  const { metric, value, low, high } = series;
  const count = out.filter((v) => v !== null).length;
  const last = value.length - 1;
  const now = `newest ${formatValue(metric, value[last])}, ${formatExpected(metric, low[last], high[last])}`;
  return `${titleOf(series)} over time with its expected band: ${now}; ${plural(count, 'point')} outside the band.`;
}
