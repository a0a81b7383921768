import { h } from './dom.js';
import { navigate } from './router.js';
import { formatTime } from './time.js';

/**
 * The time that a page is about, as its address has it: ?range=24h, which moves on, or ?from=…&to=…, which does not. The
 * same words on every page, so that a link from one to another keeps the time that one looks at.
 */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LENGTHS = new Map([
  ['15m', ['15 min', 15 * MINUTE_MS]],
  ['1h', ['1 h', HOUR_MS]],
  ['6h', ['6 h', 6 * HOUR_MS]],
  ['24h', ['24 h', DAY_MS]],
  ['3d', ['3 days', 3 * DAY_MS]],
  ['7d', ['Week', 7 * DAY_MS]],
  ['14d', ['2 weeks', 14 * DAY_MS]],
  ['30d', ['30 days', 30 * DAY_MS]],
  ['all', ['All times', Number.POSITIVE_INFINITY]],
]);
const ALIASES = { '1d': '24h' };
/** For lists, which have no longest time. */
export const LIST_RANGES = ['24h', '7d', '30d', 'all'];

/** The last instant that a date can hold. */
const LAST_MS = 8.64e15;

/**
 * usual: the key that holds where the address has none; mostMs: the longest time that the page can show. wrong: what of the
 * address cannot be a time, in words, or null; the usual one is taken then.
 */
export function rangeOf(query, usual, mostMs = Number.POSITIVE_INFINITY) {
  const [from, to] = [Number(query.from), Number(query.to)];
  const fixed = query.from !== undefined || query.to !== undefined;
  if (fixed && isSpan(query, from, to)) {
    const fromMs = Math.max(from, to - mostMs);
    return { live: false, key: null, fromMs, toMs: to, cut: fromMs > from, lengthMs: to - fromMs, wrong: null };
  }
  const named = ALIASES[query.range] ?? query.range;
  const key = !fixed && LENGTHS.has(named) ? named : usual;
  const wanted = LENGTHS.get(key)[1];
  const known = !fixed && (named === undefined || LENGTHS.has(named));
  const wrong = known
    ? null
    : fixed
      ? wrongSpan(query, from, to)
      : `There is no time range "${query.range.slice(0, 20)}".`;
  return { live: true, key, lengthMs: Math.min(wanted, mostMs), cut: wanted > mostMs, wrong };
}

const isSpan = (query, from, to) => Boolean(query.from && query.to) && [from, to].every(isInstant) && from < to;
const isInstant = (ms) => Number.isInteger(ms) && ms >= 0 && ms <= LAST_MS;

function wrongSpan(query, from, to) {
  if (!query.from || !query.to) return 'The address has one end of a time only: it takes both from and to.';
  if (isInstant(from) && isInstant(to)) return 'From must be before to, and the address has it the other way round.';
  return 'The address has a time that cannot be: from and to are milliseconds since 1970.';
}

/** { from, to } for a question; none of them for all time. endMs: until when a range that moves on goes. */
export function boundsOf(range, endMs) {
  if (!range.live) return { from: range.fromMs, to: range.toMs };
  if (range.lengthMs === Number.POSITIVE_INFINITY) return {};
  return { from: Math.max(0, Math.floor(endMs - range.lengthMs)), to: Math.ceil(endMs) };
}

/** Of an address, what says the time; for links to other pages. What cannot be a time is not carried on. */
export function carried(query) {
  if (rangeOf(query, 'all').wrong !== null) return {};
  return query.from ? { from: query.from, to: query.to } : { range: query.range };
}

export const rangeQuery = (range) => (range.live ? { range: range.key } : { from: range.fromMs, to: range.toMs });

/** Lengths to choose from and a form for any other time. address({ range } or { from, to }) is where each leads. */
export function rangeNav(range, keys, address) {
  const shown = range.live && !keys.includes(range.key) ? [range.key, ...keys] : keys;
  return h(
    'div',
    { class: 'range' },
    h(
      'nav',
      { class: 'tabs', 'aria-label': 'Time range' },
      !range.live && h('span', { class: 'fixed-range' }, `${formatTime(range.fromMs)} to ${formatTime(range.toMs)}`),
      shown.map((key) =>
        h(
          'a',
          { href: address({ range: key }), 'aria-current': range.key === key ? 'true' : undefined },
          LENGTHS.get(key)[0],
        ),
      ),
    ),
    otherTimes(range, address),
    range.wrong &&
      h('p', { class: 'wrong-range', role: 'status' }, `${range.wrong} Shown: ${LENGTHS.get(range.key)[0]}.`),
  );
}

export const cutWords = (range) =>
  range.cut &&
  h('p', { class: 'hint' }, `This page shows ${Math.round(range.lengthMs / DAY_MS)} days at most: the newest of them.`);

function otherTimes(range, address) {
  const endMs = range.live ? Date.now() : range.toMs;
  const startMs = range.live ? endMs - Math.min(range.lengthMs, DAY_MS) : range.fromMs;
  const from = h('input', { type: 'datetime-local', required: true, value: localText(startMs) });
  const to = h('input', { type: 'datetime-local', required: true, value: localText(endMs + MINUTE_MS - 1) });
  const said = h('p', { class: 'said failed', role: 'status' });
  const form = h(
    'form',
    {
      class: 'range-form',
      onsubmit: (event) => {
        event.preventDefault();
        const [fromMs, toMs] = [Date.parse(from.value), Date.parse(to.value)];
        if (fromMs < toMs) navigate(address({ from: fromMs, to: toMs }));
        else said.textContent = 'From must be before to.';
      },
    },
    h('label', null, 'From ', from),
    h('label', null, 'To ', to),
    h('button', { type: 'submit' }, 'Show'),
    said,
  );
  const summary = h('summary', null, 'Other times');
  const closed = (event) => {
    if (event.key !== 'Escape' || !details.open) return;
    event.stopPropagation();
    details.open = false;
    summary.focus();
  };
  const details = h(
    'details',
    { class: 'other-times', dataset: { key: 'other-times' }, onkeydown: closed },
    summary,
    form,
  );
  return details;
}

/** As the input wants it: the reader's own time, to the minute. */
function localText(ms) {
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}
