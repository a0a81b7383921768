import { answersOf, unknownAnswers } from './answers-data.js';
import { get } from './api.js';
import { h, part } from './dom.js';
import { state } from './store.js';
import { timeElement } from './time.js';

/** Status messages between two readings of what the monitor says: about half a minute. */
const READ_EVERY = 15;
const DECISIONS = 20;

/** The first thing on the overview: five questions and their answers. update({ open, entities }) with what the page knows. */
export function answersPanel(page) {
  const list = h('dl', { class: 'answers' });
  const node = h('section', { class: 'panel', 'aria-label': 'In short' }, list);
  const known = { open: null, entities: null, monitor: null, trouble: '' };
  const draw = part(list, (answers) => answers.map(row));
  const refresh = () => {
    if (state.status) draw(answersOf({ ...known, status: state.status }));
    else if (state.trouble) draw(unknownAnswers(state.trouble.message));
  };

  const load = async () => {
    try {
      known.monitor = await readMonitor(page.signal);
      known.trouble = '';
    } catch (error) {
      if (page.signal.aborted) return;
      // What was known is not known any more; the answers say so.
      known.monitor = null;
      known.trouble = `Not known. ${error.message}`;
    }
    refresh();
  };
  let heard = 0;
  page.on('status', () => {
    if (known.trouble || ++heard % READ_EVERY === 0) load();
    else refresh();
  });
  page.on('again', load);
  load();
  return {
    node,
    update(more) {
      Object.assign(known, more);
      refresh();
    },
  };
}

async function readMonitor(signal) {
  const [{ streams }, { entries }] = await Promise.all([
    get('/api/monitor', {}, signal),
    get('/api/decisions', { limit: DECISIONS }, signal),
  ]);
  const newest = {};
  await Promise.all(
    streams.map(async ({ stream, state: of }) => {
      if (!of?.seen) return;
      const range = { from: of.seen.atMs, to: of.seen.atMs + 1 };
      const { observations } = await get(`/api/observations/${encodeURIComponent(stream)}`, range, signal);
      newest[stream] = observations.at(-1) ?? null;
    }),
  );
  return { streams, newest, entries };
}

function row({ key, question, tone, words, href, more, atMs }) {
  return h(
    'div',
    { class: `answer ${tone}` },
    h('dt', null, question),
    h(
      'dd',
      null,
      h('p', { class: 'answer-words' }, href ? h('a', { href, dataset: { key: `answer ${key}` } }, words) : words),
      (more || atMs !== null) &&
        h('p', { class: 'hint' }, atMs !== null && [timeElement(atMs), more && ': '], more && sentence(more)),
    ),
  );
}

const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
