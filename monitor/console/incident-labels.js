import './monitor-style.js';
import { get, post } from './api.js';
import { answerPlace, decidedWords } from './decided.js';
import { fill, h, panel } from './dom.js';
import { labelLine } from './label-words.js';
import { loader } from './states.js';

const KINDS = [
  ['confirmed', 'Confirm', 'It was right to say so.'],
  ['dismissed', 'Dismiss', 'Its like does not alert again, from the next window on.'],
];

/** Whether an incident was right: a person's answer, with a note, and what follows from it. */
export function incidentLabels(id, page) {
  const { node, body } = panel('Was it right?');
  const said = answerPlace();
  const known = h('div');
  const note = h('textarea', { id: 'label-note', rows: 2, maxlength: 1000 });
  const buttons = KINDS.map(([label, name, means]) =>
    h(
      'button',
      { type: 'button', 'aria-describedby': `label-${label}`, dataset: { means, label }, onclick: () => answer(label) },
      name,
    ),
  );
  body.append(
    known,
    h('div', { class: 'field' }, h('label', { for: 'label-note' }, 'Note, for those who read it later'), note),
    h(
      'div',
      { class: 'label-buttons' },
      KINDS.map(([label, , means], i) =>
        h('p', null, buttons[i], ' ', h('span', { class: 'hint', id: `label-${label}` }, means)),
      ),
    ),
    said.node,
  );

  const load = loader(
    known,
    'what was said of it',
    page.signal,
    () => get('/api/labels', { incident: id, limit: 20 }, page.signal),
    ({ labels }) =>
      fill(
        known,
        labels.length === 0
          ? h('p', { class: 'hint' }, 'Nobody has said anything of it yet.')
          : h(
              'ul',
              { class: 'labels' },
              labels.map((label) => h('li', null, labelLine(label))),
            ),
      ),
  );

  async function answer(label) {
    for (const button of buttons) button.disabled = true;
    try {
      const { decisions } = await post(`/api/incidents/${encodeURIComponent(id)}/label`, { label, note: note.value });
      note.value = '';
      const kept = h(
        'p',
        null,
        label === 'confirmed' ? 'Confirmed; the label is kept.' : 'Dismissed; the label is kept.',
      );
      said.say(kept, decisions.length > 0 && decidedWords(decisions));
    } catch (error) {
      said.fail(error);
    }
    for (const button of buttons) button.disabled = false;
    buttons.find((b) => b.dataset.label === label)?.focus({ preventScroll: true });
    load.anew();
  }
  return node;
}
