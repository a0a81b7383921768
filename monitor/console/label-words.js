import { actorWords } from './decision-words.js';
import { h } from './dom.js';
import { timeElement } from './time.js';

export const LABELS = { anomalous: 'anomalous', normal: 'normal' };

/** What somebody said, when, and why. */
export function labelLine(label) {
  return [
    h('b', null, `${label.label === 'anomalous' ? '◆ ' : ''}${LABELS[label.label] ?? label.label}`),
    `, said ${actorWords(label.actor)} `,
    timeElement(label.createdMs, 'both'),
    label.note && `: ${label.note}`,
  ];
}
