import './language.js';
import { createChart } from './chart.js';
import { withGaps } from './chart-data.js';
import { h } from './dom.js';
import { formatFigure, formatLimit } from './figure-words.js';
import { formatNumber } from './format.js';
import { formatTime } from './time.js';

const HEIGHT_PX = 190;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const hidden = { stroke: () => 'transparent', points: { show: false } };
const edge = { stroke: () => css('muted'), width: 1, dash: [4, 4], points: { show: false } };
const line = { stroke: () => css('line'), width: 1.5, points: { show: false } };
const out = {
  stroke: () => css('alarm'),
  paths: () => null,
  points: { show: true, size: 5, stroke: () => css('alarm'), fill: () => css('alarm') },
};

/** Whether p-values mean what they say, and alerts come as often as configured, over event time. */
export function calibrationCharts() {
  const ratio = chartOf('alert_rate_ratio', 'day', 'Alerts against those expected, over a day', {
    series: [edge, edge, hidden, hidden, line, out],
    // The interval of the figure, shaded; the band that it is held against, dashed.
    bands: [{ series: [4, 3], fill: () => css('band') }],
    keyboard: true,
  });
  const uniform = chartOf('uniformity', 'interval', 'p-values: distance from uniform, per interval', {
    series: [edge, hidden, hidden, hidden, line, out],
  });
  const node = h(
    'div',
    { class: 'calibration' },
    h('div', { class: 'charts-pair' }, ratio.figure, uniform.figure),
    h(
      'p',
      { class: 'hint' },
      'Shaded: the confidence interval. Dashed: the band or limit that it is held against. Orange points lie outside. Where there is no line nothing is known.',
    ),
  );
  return {
    node,
    update(observations) {
      ratio.update(observations);
      uniform.update(observations);
    },
    destroy() {
      ratio.destroy();
      uniform.destroy();
    },
  };
}

function chartOf(name, span, title, options) {
  let figures = [];
  let times = [];
  const chart = createChart({
    title,
    heightPx: HEIGHT_PX,
    ...options,
    range: ([, ...columns]) => [0, 1.1 * Math.max(0.01, ...columns.flat().filter(Number.isFinite))],
    readout(index) {
      const at = index ?? figures.length - 1;
      if (!figures[at]) return 'unknown';
      return `${index === null ? '' : `${formatTime(times[at])}: `}${words(name, figures[at])}`;
    },
  });
  return {
    figure: chart.figure,
    destroy: chart.destroy,
    update(observations) {
      const seen = observations.map((o) => o.spans[span][name] ?? null);
      const ends = observations.map((o) => o.atMs);
      [times, figures] = withGaps(ends, [seen], observations.at(-1).grainMs);
      const pick = (of) => figures.map((f) => (f?.value === null || f === null ? null : (of(f) ?? null)));
      const limit = (end) => (f) => (Array.isArray(f.limit) ? f.limit[end] : end === 0 ? f.limit : null);
      const value = pick((f) => f.value);
      const data = [
        times,
        pick(limit(0)),
        pick(limit(1)),
        pick((f) => f.interval?.[0]),
        pick((f) => f.interval?.[1]),
        value,
        pick((f) => (f.status === 'drift' ? f.value : null)),
      ];
      const outside = figures.filter((f) => f?.status === 'drift').length;
      const range = { fromMs: times[0], toMs: Math.max(times.at(-1), times[0] + 1) };
      const newest = figures.at(-1) ? words(name, figures.at(-1)) : 'unknown';
      const keys = options.keyboard ? ' Arrow keys move through time.' : '';
      chart.update(data, range, [], `${title}: newest ${newest}; outside in ${outside} of ${times.length}.${keys}`);
    },
  };
}

function words(name, figure) {
  if (figure.value === null) return 'unknown';
  const interval = figure.interval
    ? ` (${formatNumber(figure.interval[0])} to ${formatNumber(figure.interval[1])})`
    : '';
  return `${formatFigure(name, figure.value)}${interval}, held against ${formatLimit(name, figure.limit)}: ${figure.status}`;
}
