/** Addresses of pages. Every state worth sharing is in the address, so a link shows what its sender saw. */

export function parseAddress(location) {
  const query = Object.fromEntries(new URLSearchParams(location.search));
  const [, first = '', ...rest] = location.pathname.split('/').map(safeDecode);
  if (first === '') return { page: 'overview', params: {}, query };
  if (first === 'pipeline' && rest.length === 0) return { page: 'pipeline', params: {}, query };
  if (first === 'incidents' && rest.join('') === '') return { page: 'incidents', params: {}, query };
  if (first === 'incidents') return { page: 'incident', params: { id: rest.join('/') }, query };
  if (first === 'entities' && rest.length >= 2)
    return { page: 'entity', params: { stream: rest[0], entity: rest.slice(1).join('/') }, query };
  return { page: 'missing', params: {}, query };
}

function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** range: '1h' or { fromMs, toMs } */
export function entityLink(stream, entity, range) {
  const path = `/entities/${encodeURIComponent(stream)}/${encodeURIComponent(entity)}`;
  if (range === undefined) return path;
  return typeof range === 'string' ? `${path}?range=${range}` : `${path}?from=${range.fromMs}&to=${range.toMs}`;
}

export const incidentLink = (id) => `/incidents/${encodeURIComponent(id)}`;

const AROUND_MS = 15 * 60_000;

/** The time of an incident and a quarter of an hour on either side. */
export function incidentRange(incident, nowMs) {
  const endMs = incident.resolvedMs ?? nowMs;
  return { fromMs: Math.floor(incident.startMs - AROUND_MS), toMs: Math.ceil(Math.min(endMs + AROUND_MS, nowMs)) };
}

/** show(address, moved): moved is false when only the query has changed. */
export function startRouter(show) {
  let path = '';
  const go = () => {
    const moved = location.pathname !== path;
    path = location.pathname;
    show(parseAddress(location), moved);
  };
  addEventListener('popstate', go);
  addEventListener('tidewatch:navigate', go);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!link || link.origin !== location.origin || link.target || link.getAttribute('href').startsWith('#')) return;
    event.preventDefault();
    navigate(link.href);
  });
  go();
}

export function navigate(url, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  dispatchEvent(new Event('tidewatch:navigate'));
}
