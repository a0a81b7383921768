/** Addresses of pages. Every state worth sharing is in the address, so a link shows what its sender saw. */

/** Pages of the monitor have their address behind the #, where notifications link to: /#/drift/STREAM?range=7d. */
const BEHIND_HASH = {
  drift: (rest) => ({ page: 'drift', params: { stream: rest[0] } }),
  models: (rest) => ({ page: 'models', params: { stream: rest[0] } }),
  labels: (rest) => ({ page: 'labels', params: { stream: rest[0] } }),
  deadletters: () => ({ page: 'deadletters', params: {} }),
  maintenance: () => ({ page: 'maintenance', params: {} }),
  decisions: ([id]) => (id ? { page: 'decision', params: { id } } : { page: 'decisions', params: {} }),
};

const isBehindHash = (location) => location.hash?.startsWith('#/') ?? false;

export function parseAddress(location) {
  if (isBehindHash(location)) return parseHash(location.hash.slice(1));
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

function parseHash(address) {
  const [path, search = ''] = address.split('?', 2);
  const query = Object.fromEntries(new URLSearchParams(search));
  const [, first, ...rest] = path.split('/').map(safeDecode);
  const found = Object.hasOwn(BEHIND_HASH, first) && rest.length <= 1 ? BEHIND_HASH[first](rest) : null;
  return { page: 'missing', params: {}, ...found, query };
}

function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** range: { fromMs, toMs }, or what an address has: { range } or { from, to } */
export function entityLink(stream, entity, range = {}) {
  const path = `/entities/${encodeURIComponent(stream)}/${encodeURIComponent(entity)}`;
  const { fromMs, toMs, ...query } = range;
  return withQuery(path, fromMs === undefined ? query : { from: fromMs, to: toMs });
}

export const incidentLink = (id) => `/incidents/${encodeURIComponent(id)}`;

/** name: drift, models, labels, maintenance, deadletters or decisions; of: a stream or the id of a decision. */
export function monitorLink(name, of, query = {}) {
  return withQuery(`/#/${name}${of ? `/${encodeURIComponent(of)}` : ''}`, query);
}

/** Values that are undefined are left out. */
export function withQuery(address, query) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined)).toString();
  return search ? `${address}?${search}` : address;
}

/** As notifications name it too; the page is docs/runbooks/NAME.md. */
export const runbookAddress = (name) => `/runbooks/${encodeURIComponent(name)}`;

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
    const here = location.pathname + (isBehindHash(location) ? location.hash.split('?', 1)[0] : '');
    const moved = here !== path;
    path = here;
    show(parseAddress(location), moved);
  };
  addEventListener('popstate', go);
  addEventListener('tidewatch:navigate', go);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!link || link.origin !== location.origin || link.target) return;
    // Runbooks are pages of their own, which need no script.
    if (link.pathname.startsWith('/runbooks')) return;
    const place = link.getAttribute('href');
    // A place on this page: its name must not take the address of the page away.
    if (place.startsWith('#') && !place.startsWith('#/')) {
      event.preventDefault();
      document.getElementById(place.slice(1))?.focus();
      return;
    }
    event.preventDefault();
    navigate(link.href);
  });
  go();
}

export function navigate(url, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  dispatchEvent(new Event('tidewatch:navigate'));
}
