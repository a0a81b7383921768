import { h } from './dom.js';

/**
 * Asks before something is done: what it does, a note, and fields of its own. A native dialog: Escape closes it, focus stays
 * inside and returns. Resolves to { note, ...values of the fields } or null.
 */
export function ask({ title, text, button, fields = [], note = true }) {
  return new Promise((resolve) => {
    let answer = null;
    const openedBy = document.activeElement?.dataset.key;
    const notes = note && h('textarea', { id: 'ask-note', name: 'note', rows: 2, maxlength: 1000 });
    const close = () => dialog.close();
    const form = h(
      'form',
      {
        onsubmit: (event) => {
          event.preventDefault();
          answer = Object.fromEntries(new FormData(event.target));
          close();
        },
      },
      h('h2', { id: 'ask-title' }, title),
      h('p', null, text),
      fields.map(({ label, input }) => field(label, input, `ask-${input.name}`)),
      notes && field('Note, for those who read it later', notes, 'ask-note'),
      h(
        'p',
        { class: 'buttons' },
        h('button', { type: 'submit', class: 'primary' }, button),
        h('button', { type: 'button', onclick: close }, 'Cancel'),
      ),
    );
    const dialog = h('dialog', { class: 'ask', 'aria-labelledby': 'ask-title' }, form);
    dialog.addEventListener('close', () => {
      dialog.remove();
      // Meanwhile the page may have been drawn again, and the button that opened this is another one.
      if (document.activeElement === document.body && openedBy !== undefined)
        [...document.querySelectorAll('[data-key]')].find((node) => node.dataset.key === openedBy)?.focus();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export function field(label, input, id, extra = '') {
  input.id = id;
  return h('div', { class: `field ${extra}` }, h('label', { for: id }, label), input);
}

export function select(name, choices) {
  return h(
    'select',
    { name },
    choices.map(([value, text]) => h('option', { value }, text)),
  );
}
