import { h } from './dom.js';
import { formatCount, formatNumber, plural } from './format.js';
import { SOURCE_WORDS } from './severity.js';
import { empty } from './states.js';
import { timeElement } from './time.js';

/** What serves each stream, and whether its telemetry arrives. */
export function streamCards(streams) {
  if (streams.length === 0) return empty('No stream is configured.', 'Add one in tidewatch.yaml.');
  return h('ul', { class: 'streams' }, streams.map(streamCard));
}

function streamCard(s) {
  const title = h(
    'p',
    { class: 'stream-title' },
    h('b', null, s.stream),
    h('span', { class: `tag source-${s.source ?? 'none'}` }, servedBy(s)),
  );
  if (s.lastRecordMs === null)
    return h('li', { class: 'stream' }, title, h('p', { class: 'stream-dispositions' }, 'waits for its first record'));
  return h(
    'li',
    { class: 'stream' },
    title,
    s.training && trainingBar(s.training),
    h(
      'p',
      { class: 'stream-facts' },
      h(
        'span',
        null,
        s.pointsPerS === null ? 'rate being measured' : [h('b', null, formatNumber(s.pointsPerS)), ' points/s'],
      ),
      h('span', null, 'lag ', h('b', null, s.lagRecords === null ? 'unknown' : plural(s.lagRecords, 'record'))),
      h('span', null, 'last record ', h('b', null, timeElement(s.lastRecordMs))),
    ),
    h('p', { class: `stream-dispositions ${allApplied(s.counters) ? 'wide-only' : ''}` }, dispositionWords(s.counters)),
  );
}

export function servedBy(s) {
  if (s.mode === 'disabled') return 'switched off';
  return s.source === null ? 'not served by this process' : SOURCE_WORDS[s.source];
}

/** The first forest trains by itself; how long until then is the first thing asked. */
export function trainingBar({ windows, needed }) {
  const words = `First forest: ${formatCount(windows)} of ${formatCount(needed)} windows`;
  return h(
    'p',
    { class: 'training' },
    h('progress', { max: needed, value: Math.min(windows, needed), 'aria-label': words }),
    h('span', null, words),
  );
}

const allApplied = (c) => c.late + c.duplicate + c.dead_lettered + c.filtered === 0;

/** All applied is the good case and needs few words; everything else is named. */
function dispositionWords(c) {
  const others = [
    [c.late, 'late'],
    [c.duplicate, 'duplicate'],
    [c.dead_lettered, 'dead-lettered'],
    [c.filtered, 'filtered'],
  ].filter(([n]) => n > 0);
  if (others.length === 0) return `${plural(c.applied, 'point')}, all applied`;
  return `${plural(c.applied, 'point')} applied, ${others.map(([n, word]) => `${formatCount(n)} ${word}`).join(', ')}`;
}
