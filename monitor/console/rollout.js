import { phaseWords } from './decision-words.js';
import { h, table } from './dom.js';
import { formatCount, formatNumber, formatShare, plural } from './format.js';
import { monitorLink } from './router.js';
import { empty } from './states.js';
import { timeElement } from './time.js';

const PHASES = ['training', 'evaluating', 'approval', 'shadow', 'canary', 'watching'];

/** The stage of a rollout, what it has seen, and what it waits for. */
export function rolloutState(state) {
  if (!state) return empty('Nothing is known of a rollout.', 'The monitor has not looked yet.');
  const { rollout } = state;
  if (rollout.phase === 'idle')
    return empty('No rollout is under way.', 'One begins when a trigger, or a person, asks for a new model.');
  // Whether a person is asked is a setting, so that stage is shown while it is the one.
  const phases = PHASES.filter((phase) => phase !== 'approval' || rollout.phase === 'approval');
  const at = phases.indexOf(rollout.phase);
  return [
    h(
      'ol',
      { class: 'stages', 'aria-label': 'Stages' },
      phases.map((phase, i) =>
        h(
          'li',
          { class: i < at ? 'past' : i === at ? 'now' : 'ahead', 'aria-current': i === at ? 'step' : undefined },
          i < at && h('span', { 'aria-hidden': 'true' }, '✓ '),
          phaseWords(phase),
          i === at && rollout.phase === 'canary' && ` ${formatShare(rollout.share)}`,
        ),
      ),
    ),
    h(
      'p',
      null,
      rollout.candidate ? [h('code', null, rollout.candidate.modelId), ' '] : 'A new model ',
      `${DOES[rollout.phase](rollout)}, since `,
      timeElement(rollout.sinceMs, 'since'),
      '. Begun by ',
      h('a', { href: monitorLink('decisions', rollout.decision) }, rollout.decision),
      '.',
    ),
    h('p', null, h('b', null, 'Waits for: '), waitsFor(rollout, state)),
    rollout.totals && totals(rollout),
  ];
}

const DOES = {
  training: () => 'is being trained',
  evaluating: () => 'is held against the champion on windows kept back',
  approval: () => 'passed every gate',
  shadow: () => 'judges every window beside the champion and serves none',
  canary: ({ share }) => `serves ${formatShare(share)} of the entities`,
  watching: () => 'is champion, the former one still beside it',
};

function waitsFor(rollout, { suspended, hold }) {
  if (suspended) return 'the controller to be resumed.';
  if (hold) return `the hold to end. ${hold.reason}`;
  if (rollout.told) return rollout.told;
  switch (rollout.phase) {
    case 'training':
      return 'the training to end.';
    case 'evaluating':
      return 'the evaluation to end.';
    case 'approval':
      return 'a person to approve or reject it.';
    default:
      return `the time of this stage to pass and enough windows to be judged by both models; ${plural(rollout.grains, 'grain')} of it so far.`;
  }
}

function totals({ totals: { champion, challenger }, phase }) {
  const rate = ({ alerts, windows }) => (windows === 0 ? 'unknown' : `${formatNumber((100 * alerts) / windows)} %`);
  const watching = phase === 'watching';
  const rows = [
    [watching ? 'New champion' : 'Champion', champion],
    [watching ? 'Former champion' : 'Candidate', challenger],
  ];
  return [
    table(
      'Both models on the same windows of this stage',
      [
        { title: 'Model', cell: ([name, lane]) => [`${name} `, h('code', null, lane.modelId)] },
        { title: 'Windows', class: 'number', cell: ([, lane]) => formatCount(lane.windows) },
        { title: 'Anomalous', class: 'number', cell: ([, lane]) => `${formatCount(lane.alerts)} (${rate(lane)})` },
        { title: 'Failed', class: 'number', cell: ([, lane]) => formatCount(lane.failed) },
      ],
      rows,
    ),
    h(
      'p',
      { class: 'hint' },
      `Anomalous to both ${formatCount(challenger.both)}, to the first alone ${formatCount(challenger.onlyChampion)}, to the second alone ${formatCount(challenger.onlyChallenger)}.`,
    ),
  ];
}
