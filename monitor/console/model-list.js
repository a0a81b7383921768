import { post } from './api.js';
import { h } from './dom.js';
import { formatBytes, formatCount, formatNumber, plural } from './format.js';
import { empty } from './states.js';
import { fact } from './stream-page.js';
import { formatDuration, timeElement } from './time.js';

const ROLES = { champion: 'champion', challenger: 'challenger', last_good: 'last good' };
const HASH_DIGITS = 16;

/** Models of a stream, newest first: roles, evaluation, lineage, and whether it is kept for ever. */
export function modelList(models, said, reload) {
  if (models.length === 0) return empty('No model is kept yet.', 'The first one is stored when it has been trained.');
  return h(
    'ul',
    { class: 'models' },
    models.map((model) => modelRow(model, said, reload)),
  );
}

function modelRow(model, said, reload) {
  const { id, roles, createdMs, sizeBytes, evaluation, lineage } = model;
  const quality = evaluation ? `quality ${formatNumber(evaluation.candidateQuality)}` : 'never evaluated';
  return h(
    'li',
    { class: 'model' },
    h(
      'p',
      { class: 'model-title' },
      h('code', null, id),
      roles.map((role) => h('span', { class: 'tag' }, ROLES[role] ?? role)),
      model.keep && h('span', { class: 'tag' }, 'kept'),
    ),
    h('p', { class: 'hint' }, 'stored ', timeElement(createdMs, 'both'), `, ${formatBytes(sizeBytes)}, ${quality}`),
    h(
      'details',
      { dataset: { key: `model ${id}` } },
      h('summary', { 'aria-label': `Lineage and evaluation of ${id}` }, 'Lineage and evaluation'),
      evaluation
        ? evaluationFacts(evaluation)
        : empty('It was never evaluated.', 'It served before there was a monitor, or its evaluation failed.'),
      lineage ? lineageFacts(lineage) : empty('Its lineage is not known.'),
    ),
    keepButton(model, said, reload),
  );
}

function keepButton({ id, keep }, said, reload) {
  const toggle = async (event) => {
    event.target.disabled = true;
    try {
      await post(`/api/models/${encodeURIComponent(id)}/keep`, { keep: !keep });
      said.say(h('p', null, keep ? `${id} may be removed when it is old.` : `${id} is kept, however old it gets.`));
      await reload();
    } catch (error) {
      said.fail(error);
    }
    event.target.disabled = false;
  };
  const words = keep ? 'Keep no longer' : 'Keep';
  return h(
    'button',
    {
      type: 'button',
      class: 'small',
      'aria-label': `${words}: ${id}`,
      dataset: { key: `keep ${id}` },
      onclick: toggle,
    },
    words,
  );
}

function evaluationFacts(e) {
  const against = (of) => (of === null ? '' : `, champion ${formatNumber(of)}`);
  return [
    h('h3', null, `Evaluation on ${plural(e.windows, 'window')}, ${formatCount(e.positives)} anomalous`),
    h(
      'dl',
      { class: 'facts' },
      fact(
        e.basis === 'labels' ? 'PR-AUC on labels' : 'Recall on injected anomalies',
        `${formatNumber(e.candidateQuality)}${against(e.championQuality)}`,
      ),
      fact(
        'Difference',
        e.difference ? `${formatNumber(e.difference[0])} to ${formatNumber(e.difference[1])}` : 'unknown',
      ),
      fact('Robust z, random', `${formatNumber(e.robustZ)}, ${formatNumber(e.random)}`),
      fact('Alerts against those expected', `${formatNumber(e.candidateAlertRatio)}${against(e.championAlertRatio)}`),
      fact('Golden set', e.golden ? `${formatNumber(e.golden.candidate)}${against(e.golden.champion)}` : 'none'),
      fact(
        'Worse for',
        e.worseSegments.length === 0
          ? 'nobody'
          : e.worseSegments.map((s) => `${s.segment} (${formatNumber(s.difference)})`).join(', '),
      ),
      fact('One window', `${formatNumber(e.p99Ms)} ms at the 99th percentile`),
      fact('Memory', formatBytes(e.memoryBytes)),
    ),
  ];
}

function lineageFacts(l) {
  return [
    h('h3', null, 'Lineage'),
    h(
      'dl',
      { class: 'facts' },
      fact('Windows from', timeElement(l.fromMs, 'both')),
      fact('Windows to', timeElement(l.toMs, 'both')),
      fact('Rows', `${formatCount(l.rows)} of ${plural(l.entities, 'entity', 'entities')}`),
      fact(
        'Left out',
        l.leftOut.length === 0 ? 'none' : l.leftOut.map((o) => `${formatCount(o.windows)} ${o.reason}`).join(', '),
      ),
      fact('Quarantined spans', l.quarantined.length),
      fact('Parent', l.parent ? h('code', null, l.parent) : 'none'),
      fact('Seed', l.seed),
      fact(
        'Parameters',
        Object.entries(l.parameters)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ') || 'none',
      ),
      fact('Hash of the rows', h('code', null, l.dataHash.slice(0, HASH_DIGITS))),
      fact('Hash of the configuration', h('code', null, l.configHash.slice(0, HASH_DIGITS))),
      fact('Version of the code', l.codeVersion),
      fact('Cost', `${formatDuration(l.cost.wallMs)}, ${formatBytes(l.cost.memoryBytes)}`),
    ),
  ];
}
