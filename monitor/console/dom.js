/** Elements without a framework: text is always text, never markup, so nothing that telemetry says can become HTML. */

/** h('a', { class: 'x', href: '/', onclick: fn, dataset: { key: 'k' } }, 'text', node, [nodes]) */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'dataset') Object.assign(node.dataset, value);
    else if (name === 'vars') for (const [key, v] of Object.entries(value)) node.style.setProperty(`--${key}`, v);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children) {
    if (child === undefined || child === null || child === false) continue;
    if (Array.isArray(child)) append(node, child);
    else node.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Replaces what a node holds. Focus and open details survive when their element comes back with the same data-key, so
 * that a live update never takes the keyboard away from a person.
 */
export function fill(node, ...children) {
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const open = new Set([...node.querySelectorAll('details[open][data-key]')].map((d) => d.dataset.key));
  node.replaceChildren();
  append(node, children);
  if (open.size > 0)
    for (const details of node.querySelectorAll('details[data-key]'))
      if (open.has(details.dataset.key)) details.open = true;
  if (focused !== undefined) {
    const same = [...node.querySelectorAll('[data-key]')].find((n) => n.dataset.key === focused);
    same?.focus({ preventScroll: true });
  }
}

/** A part of a page that is drawn again only when what it shows has changed. */
export function part(node, draw) {
  let shown;
  return (...data) => {
    const signature = JSON.stringify(data);
    if (signature === shown) return;
    shown = signature;
    fill(node, draw(...data));
  };
}

/** A panel with a heading; returns its body to be filled. */
export function panel(title, props = {}, ...aside) {
  const id = `panel-${title.toLowerCase().replace(/[^a-z]+/g, '-')}`;
  const body = h('div', { class: 'panel-body' });
  const { class: extra, ...others } = props;
  const node = h(
    'section',
    { class: `panel ${extra ?? ''}`, 'aria-labelledby': id, ...others },
    h('header', { class: 'panel-head' }, h('h2', { id }, title), aside),
    body,
  );
  return { node, body };
}

/** Columns: { title, cell(row), class?, wide? }. Below 640 px each row becomes a block whose cells carry their titles. */
export function table(caption, columns, rows) {
  return h(
    'table',
    { class: `data ${columns.length <= 4 && columns.every((c) => !c.wide) ? 'narrow' : ''}`, role: 'table' },
    h('caption', { class: 'visually-hidden' }, caption),
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        columns.map((c) => h('th', { scope: 'col', role: 'columnheader', class: c.class }, c.title)),
      ),
    ),
    h(
      'tbody',
      { role: 'rowgroup' },
      rows.map((row) =>
        h(
          'tr',
          { role: 'row' },
          columns.map((c) => h('td', { role: 'cell', class: c.class, dataset: { title: c.title } }, c.cell(row))),
        ),
      ),
    ),
  );
}
