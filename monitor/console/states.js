import { h } from './dom.js';

/** Empty, loading and failed: each says in words what is so and what comes next. */
export const loading = (what) => h('p', { class: 'state', role: 'status' }, `Loading ${what} …`);

export const empty = (title, ...more) =>
  h('div', { class: 'state' }, h('p', { class: 'state-title' }, title), more.length > 0 && h('p', null, more));

export function failed(error, retry) {
  return h(
    'div',
    { class: 'state failed', role: 'alert' },
    h('p', { class: 'state-title' }, error.message),
    error.remedy && h('p', null, error.remedy),
    retry && h('button', { type: 'button', onclick: retry }, 'Try again'),
  );
}

/**
 * Loads data for a page or a panel: shows the loading state the first time, and an error with a way to try again. Late
 * answers of a page that was left are dropped. Returns a function that loads again; its `anew` does so after a change, when
 * an answer that is under way may be older than that.
 */
export function loader(node, what, signal, load, show) {
  let shown = false;
  let running = null;
  const run = async () => {
    if (running) return running;
    if (!shown) node.replaceChildren(loading(what));
    running = load()
      .then(
        (data) => {
          if (signal.aborted) return;
          if (!shown) node.replaceChildren();
          shown = true;
          show(data);
        },
        (error) => {
          if (signal.aborted) return;
          // What is on the page is still worth reading when a refresh fails; the banner says that it is old.
          if (!shown) node.replaceChildren(failed(error, run));
        },
      )
      .finally(() => {
        running = null;
      });
    return running;
  };
  run.anew = async () => {
    await running;
    return run();
  };
  run();
  return run;
}
