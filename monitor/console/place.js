/** Long enough for an answer of the API; later a person has moved on. */
const WAIT_MS = 3_000;

/**
 * Before a page is drawn again because only its range or a filter changed: remembers the link or button that was used, and
 * the height. Returns what puts the keyboard back to its successor and ends the wait; without it the focus would be lost
 * with the old element and the page would jump to its top.
 */
export function keepPlace(main) {
  const used = main.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  main.style.minHeight = `${main.offsetHeight}px`;
  return (signal) => {
    let timer = null;
    const end = () => {
      clearTimeout(timer);
      drawn.disconnect();
      main.style.minHeight = '';
    };
    const look = () => {
      if (used === null || document.activeElement !== document.body) return;
      const successor = [...main.querySelectorAll('a, button, summary')].find((node) => nameOf(node) === used);
      successor?.focus({ preventScroll: true });
    };
    const drawn = new MutationObserver(look);
    drawn.observe(main, { childList: true, subtree: true });
    timer = setTimeout(end, WAIT_MS);
    signal.addEventListener('abort', end);
    look();
  };
}

/** What stays the same of an element when its page is drawn again: its key, or its words and where they stand. */
function nameOf(node) {
  const { key } = node.dataset;
  return key ?? `${node.closest('[aria-label]')?.getAttribute('aria-label') ?? ''}: ${node.textContent}`;
}
