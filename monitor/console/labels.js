import { get, post } from './api.js';
import { answerPlace } from './decided.js';
import { ask } from './dialog.js';
import { fill, h, panel } from './dom.js';
import { formatNumber, formatShare, plural } from './format.js';
import { labelLine } from './label-words.js';
import { boundsOf, LIST_RANGES, rangeNav, rangeOf } from './range.js';
import { entityLink, incidentLink, monitorLink } from './router.js';
import { empty } from './states.js';
import { streamPage } from './stream-page.js';
import { formatDuration, formatTime, now, timeElement } from './time.js';

const READ_LABELS = 500;
const SHOWN_LABELS = 50;
const AROUND_MS = 15 * 60_000;

export const title = () => 'Labels';

/** Quiet windows that wait for an answer, since alerts alone never show what was missed; and what was said so far. */
export function draw(root, page) {
  const said = answerPlace();
  const offers = panel('Quiet windows to label');
  const range = rangeOf(page.query, 'all');
  const times = h('div');
  const given = panel('Labels given', {}, times);
  streamPage(root, page, {
    name: 'labels',
    title: 'Labels',
    what: 'windows and labels',
    load: async (stream, _entry, signal) => {
      const [open, said] = await Promise.all([
        get(`/api/offers/${encodeURIComponent(stream)}`, {}, signal),
        get('/api/labels', { stream, limit: READ_LABELS }, signal),
      ]);
      return { offers: open.offers, labels: said.labels };
    },
    show: (body, data, entry, reload) => {
      if (!body.contains(offers.node)) {
        fill(
          times,
          rangeNav(range, LIST_RANGES, (time) => monitorLink('labels', entry.stream, time)),
        );
        fill(
          body,
          h(
            'p',
            { class: 'hint' },
            'Nothing was found in these windows. Whether that was right is known by asking about a few of them; look at the charts, then say what you see.',
          ),
          said.node,
          offers.node,
          given.node,
        );
      }
      fill(offers.body, offerList(data.offers, said, reload));
      fill(given.body, labelList(data.labels, boundsOf(range, now() + 1_000)));
    },
  });
}

function offerList(list, said, reload) {
  if (list.length === 0)
    return empty('No window waits for a label.', 'A few quiet ones are offered each day, once a model serves.');
  return [
    h(
      'p',
      { class: 'hint' },
      `${plural(list.length, 'window')} ${list.length === 1 ? 'waits' : 'wait'} for an answer.`,
    ),
    h(
      'ul',
      { class: 'offers' },
      list.map((offer) => offerRow(offer, said, reload)),
    ),
  ];
}

function offerRow(offer, said, reload) {
  const { id, stream, entity, fromMs, toMs, probability } = offer;
  const range = { fromMs: fromMs - AROUND_MS, toMs: Math.min(toMs + AROUND_MS, Math.max(toMs, now())) };
  const what = `${entity} at ${formatTime(fromMs)}`;
  const answer = async (label) => {
    const question = {
      title: `${what}: ${label}?`,
      text: `The window of ${formatDuration(toMs - fromMs)} of ${entity} is labelled ${label}, for training and for what is measured of the detector.`,
      button: `Label as ${label}`,
    };
    const given = await ask(question);
    if (given === null) return;
    try {
      await post(`/api/labels/${encodeURIComponent(stream)}`, {
        entity,
        fromMs,
        toMs,
        label,
        offer: id,
        note: given.note,
      });
      said.say(h('p', null, `${what} is labelled ${label}.`));
      await reload();
    } catch (error) {
      said.fail(error);
    }
  };
  const button = (label, name) =>
    h(
      'button',
      {
        type: 'button',
        class: 'small',
        'aria-label': `${name}: ${what}`,
        dataset: { key: `${label} ${id}` },
        onclick: () => answer(label),
      },
      name,
    );
  return h(
    'li',
    { class: 'offer' },
    h(
      'p',
      null,
      h('a', { class: 'entity-link', href: entityLink(stream, entity, range) }, entity),
      ', ',
      timeElement(fromMs, 'both'),
      `, ${formatDuration(toMs - fromMs)} long`,
    ),
    h(
      'p',
      { class: 'hint' },
      `Offered with probability ${formatShare(probability)}, so it stands for ${formatNumber(1 / probability)} windows.`,
    ),
    h('p', { class: 'buttons' }, button('normal', 'Normal'), button('anomalous', 'Anomalous')),
  );
}

/** Those about windows of [from, to); of all times where they are left out. */
function labelList(all, { from = 0, to = Number.POSITIVE_INFINITY }) {
  if (all.length === 0) return empty('Nobody has labelled anything yet.', 'Answers to incidents are listed here too.');
  const labels = all.filter((label) => label.toMs >= from && label.fromMs < to).slice(0, SHOWN_LABELS);
  if (labels.length === 0) return empty('No label is about this time.', 'There are labels about others.');
  return h(
    'ul',
    { class: 'labels' },
    labels.map((label) =>
      h(
        'li',
        null,
        label.incident
          ? h('a', { href: incidentLink(label.incident) }, `incident of ${label.entity}`)
          : h(
              'a',
              {
                href: entityLink(label.stream, label.entity, {
                  fromMs: label.fromMs - AROUND_MS,
                  toMs: label.toMs + AROUND_MS,
                }),
              },
              label.entity,
            ),
        ' ',
        labelLine(label),
      ),
    ),
  );
}
