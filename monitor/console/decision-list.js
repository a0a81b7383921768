import { resultTag } from './decided.js';
import { actionWords, actorWords, urgencyWords } from './decision-words.js';
import { h } from './dom.js';
import { monitorLink } from './router.js';
import { timeElement } from './time.js';

/** Entries of the ledger as rows: what came of it, what and why, when, by whom. The sentence is the link. */
export function decisionList(entries, { streams = false } = {}) {
  return h(
    'ul',
    { class: 'decisions' },
    entries.map(({ decision: d }) =>
      h(
        'li',
        { class: `decision ${d.result}` },
        resultTag(d),
        h(
          'p',
          { class: 'decision-what' },
          streams && `${d.stream}: `,
          h(
            'a',
            { href: monitorLink('decisions', d.id), dataset: { key: `decision ${d.id}` } },
            `${actionWords(d.action)}${d.model ? ` (${d.model.modelId})` : ''}`,
          ),
          ` ${d.reason}`,
        ),
        h(
          'p',
          { class: 'hint' },
          timeElement(d.atMs, 'both'),
          `, by ${d.trigger ? `trigger ${d.trigger}` : actorWords(d.actor)}`,
          d.urgency !== 'info' && [
            ', ',
            h('b', { class: d.urgency === 'page' ? 'alarmed' : '' }, urgencyWords(d.urgency)),
          ],
        ),
      ),
    ),
  );
}
