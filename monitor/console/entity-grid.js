import { h } from './dom.js';
import { formatCount, formatSeverity } from './format.js';
import { entityLink } from './router.js';
import { levelOf, meterShare } from './severity.js';
import { empty } from './states.js';

/**
 * A cell an entity. Those that need a person come first, by severity; the rest stay in the order of their names, so that
 * the grid does not churn with noise.
 */
export function entityGrid(entities, total, openIncidents) {
  if (entities.length === 0)
    return empty('No entity yet.', 'An entity appears with its first closed window, seconds after its first point.');
  const kinds = new Map(openIncidents.map((i) => [`${i.stream}/${i.entity}`, i.kind]));
  const shared = new Set(entities.map((e) => e.stream)).size > 1;
  const named = new Map();
  for (const { entity } of entities) named.set(entity, (named.get(entity) ?? 0) + 1);
  const rows = entities.map((e) => ({
    ...e,
    twice: named.get(e.entity) > 1,
    kind: kinds.get(`${e.stream}/${e.entity}`),
  }));
  rows.sort((a, b) => rank(a) - rank(b) || byName(a, b));
  const more = total - rows.length;
  return [
    h(
      'ul',
      { class: 'grid' },
      rows.map((e) => cell(e, shared)),
    ),
    more > 0 && h('p', { class: 'hint' }, `and ${formatCount(more)} more, less severe`),
  ];
}

function rank(e) {
  if (e.severity > 1) return -Math.round(e.severity * 2);
  return e.kind ? 0 : 1;
}

const byName = (a, b) => (a.stream === b.stream ? (a.entity < b.entity ? -1 : 1) : a.stream < b.stream ? -1 : 1);

function cell(e, shared) {
  const level = levelOf(e.severity);
  const absent = e.kind === 'absence';
  const word = absent ? 'silent' : level;
  const marks = [e.kind && !absent && 'open incident', e.probation && 'still learning'].filter(Boolean);
  const spoken = [...marks, shared && !e.twice && `stream ${e.stream}`].filter(Boolean);
  return h(
    'li',
    null,
    h(
      'a',
      {
        class: `cell ${level}${absent ? ' absent' : ''}${e.kind ? ' has-incident' : ''}`,
        href: entityLink(e.stream, e.entity),
        title: marks.length > 0 ? marks.join(', ') : undefined,
        dataset: { key: `cell ${e.stream}/${e.entity}` },
      },
      h('span', { class: 'cell-name' }, e.entity, e.twice && h('span', { class: 'hint' }, ` ${e.stream}`)),
      h('span', { class: 'visually-hidden' }, ', severity '),
      h('span', { class: 'cell-severity' }, h('b', null, absent ? '–' : formatSeverity(e.severity)), ' ', word),
      spoken.length > 0 && h('span', { class: 'visually-hidden' }, `, ${spoken.join(', ')}`),
      h('span', { class: 'meter', vars: { share: absent ? '0%' : meterShare(e.severity) }, 'aria-hidden': 'true' }),
    ),
  );
}
