import { h } from './dom.js';
import { figureChart, whyNotJudged } from './figure-chart.js';

const HEIGHT_PX = 190;
/** Of an observation, what the charts draw. */
export const CALIBRATION_FIELDS = ['spans.day.alert_rate_ratio', 'spans.interval.uniformity'];

/** Whether p-values mean what they say, and alerts come as often as configured, over event time. */
export function calibrationCharts() {
  const ratio = figureChart({
    name: 'alert_rate_ratio',
    title: 'Alerts against those expected, over a day',
    of: (o) => o.spans.day.alert_rate_ratio,
    why: whyNotJudged,
    heightPx: HEIGHT_PX,
    keyboard: true,
  });
  const uniform = figureChart({
    name: 'uniformity',
    title: 'p-values: distance from uniform, per interval',
    of: (o) => o.spans.interval.uniformity,
    why: whyNotJudged,
    heightPx: HEIGHT_PX,
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
