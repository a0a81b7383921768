import './models-style.js';
import './monitor-style.js';
import { get } from './api.js';
import { resultTag } from './decided.js';
import { actionWords, actorWords, causeWords, urgencyWords } from './decision-words.js';
import { fill, h, panel } from './dom.js';
import { formatCount } from './format.js';
import { monitorLink, runbookAddress } from './router.js';
import { loader, notThere } from './states.js';
import { fact } from './stream-page.js';
import { timeElement } from './time.js';

export const title = () => 'Decision';

/** One decision: what, why, and whether its evidence comes to the same when it is computed again. */
export function draw(root, page) {
  const body = h('div', { class: 'monitor-body' });
  root.append(h('div', { class: 'page-head' }, h('h1', null, 'Decision')), body);
  const load = loader(
    body,
    'the decision and its evidence',
    page.signal,
    () => get(`/api/decisions/${encodeURIComponent(page.params.id)}`, {}, page.signal),
    ({ entry, agrees, why, sentences }) => {
      const { decision } = entry;
      const words = `${actionWords(decision.action)}${decision.model ? ` (${decision.model.modelId})` : ''}`;
      document.title = `${decision.id}: ${words} · Tidewatch`;
      fill(root.querySelector('.page-head'), h('h1', null, `${decision.id}: ${words}`), resultTag(decision));
      const what = panel('What was decided');
      const proof = panel('Evidence');
      fill(what.body, facts(entry));
      fill(
        proof.body,
        verdict(agrees, why),
        h(
          'ol',
          { class: 'sentences' },
          sentences.filter((s) => s !== why).map((s) => h('li', null, s)),
        ),
        h('p', { class: 'hint' }, 'As the ledger and the command line have it: times are UTC.'),
      );
      fill(body, what.node, proof.node);
    },
    () =>
      notThere(
        `No decision ${page.params.id} is in the ledger.`,
        'Entries are never removed, so the address is wrong or of another installation. ',
        h('a', { href: monitorLink('decisions') }, 'See all decisions'),
      ),
  );
  page.on('again', load);
}

function verdict(agrees, why) {
  return h(
    'p',
    { class: `agreement ${agrees ? 'agrees' : 'differs'}` },
    h(
      'b',
      null,
      agrees ? '✓ Recomputed from its evidence: agrees.' : '◆ Recomputed from its evidence: does not agree.',
    ),
    !agrees && ` ${why}`,
  );
}

function facts(entry) {
  const d = entry.decision;
  return [
    h('p', { class: 'reason' }, d.reason),
    h(
      'dl',
      { class: 'facts' },
      fact('Event time', timeElement(d.atMs, 'both')),
      fact('Written down', timeElement(entry.recordedMs, 'both')),
      fact('By', actorWords(d.actor)),
      fact('Trigger', d.trigger ? h('code', null, d.trigger) : 'none'),
      fact('Asked for', d.asked ? actionWords(d.asked) : 'the same'),
      fact('Cause', d.cause ? causeWords(d.cause) : 'none'),
      fact('Urgency', urgencyWords(d.urgency)),
      fact('Runbook', d.runbook ? runbookLink(d.runbook) : 'none'),
      fact('Stream', h('a', { href: monitorLink('models', d.stream) }, d.stream)),
      fact('Entry of the ledger', formatCount(entry.seq)),
    ),
    h('p', { class: 'hint hashes' }, 'Evidence ', h('code', null, entry.evidence)),
    h('p', { class: 'hint hashes' }, 'Entry ', h('code', null, entry.hash)),
  ];
}

const runbookLink = (name) => h('a', { href: runbookAddress(name) }, name);
