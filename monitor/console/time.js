import { h } from './dom.js';

/** Times are relative and absolute at once, by the server's clock: a laptop whose clock is off must not show "in 3 min". */
let skewMs = 0;

export function learnServerTime(nowMs) {
  skewMs = nowMs - Date.now();
}

export const now = () => Date.now() + skewMs;

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
const DAY_MS = 86_400_000;

/** "14:03:22", with the day when it is not today's. */
export function formatTime(ms) {
  const sameDay = day.format(ms) === day.format(now()) && Math.abs(now() - ms) < DAY_MS;
  return sameDay ? clock.format(ms) : `${day.format(ms)}, ${clock.format(ms)}`;
}

/** "7 s", "3 min", "2 h 10 min", "4 d 3 h" */
export function formatDuration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return s % 60 === 0 || min >= 10 ? `${min} min` : `${min} min ${s % 60} s`;
  const hours = Math.floor(min / 60);
  if (hours < 24) return min % 60 === 0 ? `${hours} h` : `${hours} h ${min % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

export function formatAgo(ms) {
  const behind = now() - ms;
  if (behind < -1_500) return `in ${formatDuration(-behind)}`;
  return behind < 1_500 ? 'just now' : `${formatDuration(coarse(behind))} ago`;
}

/** Beyond a minute, seconds that change all the time are noise. */
const coarse = (ms) => (ms >= 60_000 ? Math.floor(ms / 60_000) * 60_000 : ms);

/** style: ago ("3 min ago"), both ("3 min ago, 14:03:22"), at ("14:03:22"), since ("14:03:22 (3 min ago)"), left ("12 min left"). Kept up to date while it is shown. */
export function timeElement(ms, style = 'ago') {
  const node = h('time', { datetime: new Date(ms).toISOString(), title: full.format(ms), dataset: { ms, style } });
  write(node);
  return node;
}

function write(node) {
  const ms = Number(node.dataset.ms);
  let text = formatAgo(ms);
  if (node.dataset.style === 'both') text = `${text}, ${formatTime(ms)}`;
  if (node.dataset.style === 'at') text = formatTime(ms);
  if (node.dataset.style === 'since') text = `${formatTime(ms)} (${text})`;
  if (node.dataset.style === 'left') text = ms <= now() ? 'ending' : `${formatDuration(coarse(ms - now()))} left`;
  if (node.textContent !== text) node.textContent = text;
}

setInterval(() => {
  for (const node of document.querySelectorAll('time[data-ms]')) write(node);
}, 1_000);
