import { fill, h, panel } from './dom.js';
import { figureChart, whyNotJudged } from './figure-chart.js';
import { empty } from './states.js';

const HEIGHT_PX = 170;
const MEASURES = [
  ['psi', 'psi_feature', 'PSI'],
  ['ks', 'ks_feature', 'KS'],
  ['missing', 'missing', 'Missing values'],
];

/** One feature over event time, chosen by the address: how far it has shifted by both measures, and how often it was missing. */
export function featurePanel(feature, address) {
  const { node, body } = panel(
    `Feature ${feature}`,
    {},
    h('a', { href: address({ feature: undefined }), dataset: { key: 'feature closed' } }, 'Close'),
  );
  const charts = MEASURES.map(([measure, name, title]) =>
    figureChart({
      name,
      title: `${title} of ${feature}`,
      of: (o) => figureOf(o, feature, measure),
      why: whyNotJudged,
      heightPx: HEIGHT_PX,
    }),
  );
  const drawn = h(
    'div',
    { class: 'charts' },
    charts.map((c) => c.figure),
  );
  return {
    node,
    update(observations) {
      const known = observations.some((o) => o.features.some((f) => f.feature === feature));
      fill(body, known ? drawn : empty('No model of this time knows a feature of this name.', 'Choose one below.'));
      if (known) for (const chart of charts) chart.update(observations);
    },
    destroy: () => charts.forEach((chart) => void chart.destroy()),
  };
}

function figureOf({ features }, feature, measure) {
  const found = features.find((f) => f.feature === feature);
  if (found === undefined) return undefined;
  const limit = { psi: found.psiLimit, ks: found.ksLimit }[measure] ?? null;
  const value = found[measure];
  if (value === null) return { value, limit, status: 'unknown' };
  return { value, limit, status: limit !== null && value > limit ? found.status : 'ok' };
}
