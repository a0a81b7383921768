import { actionWords, resultWords } from './decision-words.js';
import { fill, h } from './dom.js';
import { monitorLink } from './router.js';

const LED_IN = { done: 'Done', held: 'Held back', dry_run: 'Dry run, nothing was done', refused: 'Refused' };

export const resultTag = ({ result }) => h('span', { class: `result ${result}` }, resultWords(result));

/** What was decided upon a command, in plain words, each with its place in the ledger. */
export function decidedWords(decisions) {
  if (decisions.length === 0) return [h('p', null, 'Taken. Nothing had to be decided.')];
  return decisions.map((d) =>
    h(
      'p',
      { class: d.result === 'refused' ? 'alarmed' : '' },
      h('b', null, `${LED_IN[d.result] ?? d.result}: `),
      `${actionWords(d.action)}${d.model ? ` (${d.model.modelId})` : ''}. ${d.reason} `,
      h('a', { href: monitorLink('decisions', d.id), dataset: { key: `said ${d.id}` } }, d.id),
    ),
  );
}

/** A place where the answer to whatever was asked for appears, read out when it does. */
export function answerPlace() {
  const node = h('div', { class: 'said', role: 'status' });
  return {
    node,
    say(...words) {
      node.className = 'said';
      fill(node, words);
    },
    fail(error) {
      node.className = 'said failed';
      fill(node, h('p', null, `${error.message} ${error.remedy ?? ''}`));
    },
  };
}
