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

/** What an address names is not there: that, and where to go from here. Trying again would not help. */
export const notThere = (title, ...more) =>
  h('div', { class: 'state', role: 'alert' }, h('p', { class: 'state-title' }, title), h('p', null, more));

/** For a fault of the page's own code: the words for a person, the trace for the browser's log. */
export function brokenPage(error) {
  console.error(error);
  return failed(
    { message: 'This page could not show what it read.', remedy: `Reload it; what went wrong: ${error.message}` },
    () => location.reload(),
  );
}

/**
 * Loads data for a page or a panel: shows the loading state the first time, and an error with a way to try again. missing:
 * makes what is shown where there is no such thing. Late answers of a page that was left are dropped. Returns a function
 * that loads again; its `anew` does so after a change, when an answer that is under way may be older than that.
 */
export function loader(node, what, signal, load, show, missing = null) {
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
          try {
            show(data);
          } catch (error) {
            node.replaceChildren(brokenPage(error));
          }
        },
        (error) => {
          if (signal.aborted) return;
          // What is on the page is still worth reading when a refresh fails; the banner says that it is old.
          if (shown) return;
          node.replaceChildren(missing && error.code === 'not_found' ? missing() : failed(error, run));
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
