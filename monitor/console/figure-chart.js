import './language.js';
import { createChart, lineSeries } from './chart.js';
import { withGaps } from './chart-data.js';
import { formatFigure, formatLimit, unitMetric } from './figure-words.js';
import { formatNumber } from './format.js';
import { formatTime } from './time.js';

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const hidden = { stroke: () => 'transparent', points: { show: false } };
const edge = { stroke: () => css('muted'), width: 1, dash: [4, 4], points: { show: false } };
const out = {
  stroke: () => css('alarm'),
  paths: () => null,
  points: { show: true, size: 5, stroke: () => css('alarm'), fill: () => css('alarm') },
};

/**
 * A figure of the monitor over event time, its interval and what it is held against. options: { name of the figure, title,
 * of(observation): the figure { value, limit, interval, status } or undefined, why(observations): in words, why nothing was
 * measured, heightPx, keyboard }.
 */
export function figureChart({ name, title, of, why, heightPx, keyboard = false }) {
  let figures = [];
  let times = [];
  const chart = createChart({
    title,
    heightPx,
    keyboard,
    // The band or limit that it is held against, dashed; the interval of the figure, shaded.
    series: [edge, edge, hidden, hidden, lineSeries, out],
    bands: [{ series: [4, 3], fill: () => css('band') }],
    metric: unitMetric(name),
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
    /** observations: at least one, in the order of time. */
    update(observations) {
      const { grainMs, atMs } = observations.at(-1);
      const seen = observations.map((o) => of(o) ?? null);
      const ends = observations.map((o) => o.atMs);
      [times, figures] = withGaps(ends, [seen], grainMs);
      const pick = (part) => figures.map((f) => (f === null || f.value === null ? null : (part(f) ?? null)));
      const limit = (end) => (f) => (Array.isArray(f.limit) ? f.limit[end] : end === 0 ? f.limit : null);
      const data = [
        times,
        pick(limit(0)),
        pick(limit(1)),
        pick((f) => f.interval?.[0]),
        pick((f) => f.interval?.[1]),
        pick((f) => f.value),
        pick((f) => (f.status === 'drift' ? f.value : null)),
      ];
      const outside = figures.filter((f) => f?.status === 'drift').length;
      const range = { fromMs: ends[0] - grainMs, toMs: atMs };
      const newest = figures.at(-1) ? words(name, figures.at(-1)) : 'unknown';
      const keys = keyboard ? ' Arrow keys move through time.' : '';
      const told = `${title}: newest ${newest}; outside in ${outside} of ${times.length}.${keys}`;
      chart.update(data, range, [], told, why(observations));
    },
  };
}

function words(name, figure) {
  if (figure.value === null) return 'unknown';
  const interval = figure.interval
    ? ` (${formatNumber(figure.interval[0])} to ${formatNumber(figure.interval[1])})`
    : '';
  const held = figure.limit === null ? '' : `, held against ${formatLimit(name, figure.limit)}: ${figure.status}`;
  return `${formatFigure(name, figure.value)}${interval}${held}`;
}

/** Why a figure of judged windows is not known in any of these: which of the reasons it is decides what to do. */
export function whyNotJudged(observations) {
  if (observations.every((o) => o.windows === 0)) return 'Not measured: no window came in this time.';
  return observations.every((o) => o.modelId === '')
    ? 'Not measured: no model served in this time. The first one is trained by itself; the overview tells how far it is.'
    : 'Not measured: the model judged too few windows in this time. It comes by itself with more of them.';
}
