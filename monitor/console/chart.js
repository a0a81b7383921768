import './language.js';
import uPlot from '/uplot/uPlot.esm.js';
import { h } from './dom.js';
import { formatTicks } from './format.js';

const SYNC = 'tidewatch';
const MARK_MIN_PX = 2;
const DAY_S = 86_400;
const hourMinute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const withSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Colours come from the style sheet at each drawing, so a change of theme needs no more than a redraw. */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const sheet = document.querySelector('link[href="/uplot/uPlot.min.css"]');
if (!sheet) document.head.append(h('link', { rel: 'stylesheet', href: '/uplot/uPlot.min.css' }));

function timeTicks(_plot, splits, _axis, _space, stepMs) {
  const format = stepMs >= DAY_S * 1000 ? dayMonth : stepMs < 60_000 ? withSeconds : hourMinute;
  return splits.map((ms) => format.format(ms));
}

const axis = (more) => ({
  stroke: () => colour('muted'),
  font: '11px system-ui, sans-serif',
  grid: { stroke: () => colour('grid'), width: 1 },
  ticks: { show: false },
  ...more,
});

/**
 * One figure with a chart in it. options: { title, metric, heightPx, keyboard, series: uPlot series after x, bands, limit,
 * range(data), readout(index | null) → text, onZoom(fromMs, toMs) }. Charts of a page share their cursor.
 */
export function createChart(options) {
  const readout = h('span', { class: 'readout' });
  const plot = h('div', { class: 'plot', role: 'img' });
  const instead = h('p', { class: 'plot-nothing', hidden: true });
  const heading = h('figcaption', null, h('h3', null, options.title), readout);
  const figure = h('figure', { class: 'chart' }, heading, plot, instead);
  let chart = null;
  let shown = null;
  let marks = [];

  const say = (index) => {
    readout.textContent = shown && instead.hidden ? options.readout(index) : '';
  };

  const drawMarks = (u) => {
    const { ctx } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    ctx.fillStyle = colour('mark');
    for (const [fromMs, toMs] of marks) {
      const left = u.valToPos(fromMs, 'x', true);
      const width = Math.max(MARK_MIN_PX, u.valToPos(toMs, 'x', true) - left);
      ctx.fillRect(left, u.bbox.top, width, u.bbox.height);
    }
    ctx.restore();
  };

  /** After the grid, which has a line at the same height. */
  const drawLimit = (u) => {
    if (options.limit === undefined) return;
    const { ctx } = u;
    ctx.save();
    const y = Math.round(u.valToPos(options.limit, 'y', true)) + 0.5;
    ctx.strokeStyle = colour('alarm');
    ctx.lineWidth = 1;
    ctx.setLineDash([5, 4]);
    ctx.beginPath();
    ctx.moveTo(u.bbox.left, y);
    ctx.lineTo(u.bbox.left + u.bbox.width, y);
    ctx.stroke();
    ctx.restore();
  };

  function build(width) {
    return new uPlot(
      {
        width,
        height: options.heightPx,
        ms: 1,
        padding: [6, 18, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          points: { size: 6 },
          drag: { x: true, y: false, setScale: false },
          sync: { key: SYNC, filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
        },
        scales: {
          x: { time: true, range: () => [shown.range.fromMs, shown.range.toMs] },
          y: { range: () => options.range(shown.data) },
        },
        axes: [
          axis({ values: timeTicks, size: 22, gap: 4, space: 70 }),
          axis({
            values: (_u, splits) => formatTicks(options.metric ?? '', splits),
            size: 58,
            gap: 6,
            space: 28,
          }),
        ],
        series: [{}, ...options.series],
        bands: options.bands ?? [],
        hooks: {
          drawClear: [drawMarks],
          drawAxes: [drawLimit],
          setCursor: [(u) => say(u.cursor.idx ?? null)],
          setSelect: [
            (u) => {
              if (u.select.width < 5) return;
              const from = u.posToVal(u.select.left, 'x');
              const to = u.posToVal(u.select.left + u.select.width, 'x');
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              options.onZoom?.(Math.floor(from), Math.ceil(to));
            },
          ],
        },
      },
      shown.data,
      plot,
    );
  }

  /** One chart of a page takes the keyboard, and the cursor is shared: a tab stop a chart would be a long way. */
  function moveCursor(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const [times] = shown.data;
    if (event.key === 'Escape') chart.setCursor({ left: -10, top: -10 }, true, true);
    if (step === undefined || times.length === 0) return;
    event.preventDefault();
    const from = chart.cursor.idx ?? (step < 0 ? times.length : -1);
    const to = Math.min(times.length - 1, Math.max(0, from + step * (event.shiftKey ? 10 : 1)));
    chart.setCursor({ left: chart.valToPos(times[to], 'x'), top: 1 }, true, true);
  }
  if (options.keyboard) {
    plot.tabIndex = 0;
    plot.addEventListener('keydown', moveCursor);
  }

  const resized = new ResizeObserver(() => {
    const width = Math.floor(plot.clientWidth);
    if (!shown || width === 0) return;
    if (!chart) chart = build(width);
    else if (chart.width !== width) chart.setSize({ width, height: options.heightPx });
  });
  resized.observe(plot);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const recolour = () => chart?.redraw(false, true);
  dark.addEventListener('change', recolour);

  return {
    figure,
    /** nothing: said in place of a picture when no value is known, since empty axes do not tell why. */
    update(data, range, stretches, words, nothing) {
      shown = { data, range };
      const known = data.slice(1).some((column) => column.some(Number.isFinite));
      plot.hidden = !known;
      instead.hidden = known;
      instead.textContent = known ? '' : nothing;
      marks = stretches;
      plot.setAttribute('aria-label', words);
      if (chart) chart.setData(data);
      else if (plot.clientWidth > 0) chart = build(Math.floor(plot.clientWidth));
      say(chart?.cursor.idx ?? null);
    },
    destroy() {
      resized.disconnect();
      dark.removeEventListener('change', recolour);
      chart?.destroy();
    },
  };
}

/** A value without neighbours is no line: it gets a point, or it would not be seen. */
const lonely = {
  show: true,
  size: 4,
  stroke: () => colour('line'),
  fill: () => colour('line'),
  filter: (u, at) =>
    [...u.data[at].keys()].filter(
      (i) => u.data[at][i] != null && u.data[at][i - 1] == null && u.data[at][i + 1] == null,
    ),
};
export const lineSeries = { stroke: () => colour('line'), width: 1.5, points: lonely };

/** Line, band and marks of one metric. */
export const bandSeries = [
  { stroke: () => 'transparent', points: { show: false } },
  { stroke: () => 'transparent', points: { show: false } },
  lineSeries,
  {
    stroke: () => colour('alarm'),
    paths: () => null,
    points: { show: true, size: 4, stroke: () => colour('alarm'), fill: () => colour('alarm') },
  },
];
export const bandFill = [{ series: [2, 1], fill: () => colour('band') }];
export const severitySeries = [lineSeries, bandSeries[3]];
