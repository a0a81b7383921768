import './monitor-style.js';
import { get } from './api.js';
import { fill, h } from './dom.js';
import { monitorLink } from './router.js';
import { empty, loader, notThere } from './states.js';

/** Status messages between two readings of what the monitor says: about half a minute. */
const READ_EVERY = 15;

/**
 * A page about one stream of the monitor: heading, the streams to choose from, and a body. about: { name of the page, title,
 * what it loads in words, load(stream, entry, signal), show(body, data, entry, reload), times(stream): the time range where
 * the whole page is about it }. The first stream is taken when the address names none.
 */
export function streamPage(root, page, about) {
  const { signal, params, query } = page;
  const head = h('div', { class: 'page-head' }, h('h1', null, about.title));
  const body = h('div', { class: 'monitor-body' });
  root.append(head, body);
  let drawn = false;

  const load = loader(
    body,
    about.what,
    signal,
    async () => {
      const { streams } = await get('/api/monitor', {}, signal);
      const stream = params.stream ?? streams[0]?.stream;
      const entry = streams.find((s) => s.stream === stream) ?? null;
      return { streams, stream, entry, data: entry === null ? null : await about.load(stream, entry, signal) };
    },
    ({ streams, stream, entry, data }) => {
      if (!drawn) fill(head, heading(about, stream, streams, query));
      drawn = true;
      if (streams.length === 0) fill(body, empty('No stream is monitored.', 'Add one in tidewatch.yaml.'));
      else if (entry === null) fill(body, notThere(`No stream ${stream} is monitored.`, 'Choose one above.'));
      else about.show(body, data, entry, load.anew);
    },
  );
  let heard = 0;
  page.on('status', () => {
    if (++heard % READ_EVERY === 0) load();
  });
  page.on('again', load);
}

function heading(about, stream, streams, query) {
  const name = streams.some((s) => s.stream === stream) ? ` of ${stream}` : '';
  if (name) document.title = `${about.title}${name} · Tidewatch`;
  const choices = h(
    'nav',
    { class: 'tabs', 'aria-label': 'Which stream' },
    streams.map((s) =>
      h(
        'a',
        {
          href: monitorLink(about.name, s.stream, query),
          'aria-current': s.stream === stream ? 'true' : undefined,
        },
        s.stream,
      ),
    ),
  );
  const times = name ? about.times?.(stream) : null;
  return [
    h('h1', null, `${about.title}${name}`),
    streams.length > 0 && (times ? h('div', { class: 'tab-rows' }, choices, times) : choices),
  ];
}

/** Shown for a stream that the monitor has not looked at: nothing is known, which is neither good nor bad. */
export const notLooked = (stream) =>
  empty(
    `The monitor has not looked at ${stream} yet.`,
    'It looks when a model serves and the first grain of event time, usually an hour, is complete.',
  );

/** A name and what it is, for a dl of class facts. */
export const fact = (name, ...value) => h('div', null, h('dt', null, name), h('dd', null, ...value));
