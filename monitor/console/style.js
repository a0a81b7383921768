import { h } from './dom.js';

/**
 * A style sheet that only some pages need: the others do not wait for it, and those are not seen without it. Awaited by a
 * module, so that its page is drawn when the sheet is there.
 */
export function style(name) {
  const sheet = h('link', { rel: 'stylesheet', href: `/console/${name}.css` });
  const loaded = new Promise((resolve) => {
    sheet.addEventListener('load', resolve, { once: true });
    // Without it the pages are plain and still say everything.
    sheet.addEventListener('error', resolve, { once: true });
  });
  document.head.append(sheet);
  return loaded;
}
