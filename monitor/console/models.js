import './models-style.js';
import { get } from './api.js';
import { budgetList } from './budgets.js';
import { answerPlace } from './decided.js';
import { decisionList } from './decision-list.js';
import { causeWords } from './decision-words.js';
import { h, panel, part } from './dom.js';
import { formatShare } from './format.js';
import { modelList } from './model-list.js';
import { boundsOf, LIST_RANGES, rangeNav, rangeOf } from './range.js';
import { rolesOverTime } from './roles.js';
import { rolloutState } from './rollout.js';
import { monitorLink } from './router.js';
import { empty } from './states.js';
import { fact, notLooked, streamPage } from './stream-page.js';
import { switchboard } from './switchboard.js';
import { timeElement } from './time.js';

const LEDGER_READ = 200;
const SHOWN_DECISIONS = 5;

export const title = () => 'Models';

/** What serves a stream, what may serve it next, and the switches of the controller. */
export function draw(root, page) {
  let parts = null;
  streamPage(root, page, {
    name: 'models',
    title: 'Models',
    what: 'models and decisions',
    load: async (stream, _entry, signal) => {
      const [{ models }, { entries }] = await Promise.all([
        get('/api/models', { stream }, signal),
        get('/api/decisions', { stream, limit: LEDGER_READ }, signal),
      ]);
      return { models, entries };
    },
    show: (body, data, entry, reload) => {
      if (!parts) {
        parts = sections(entry.stream, reload, rangeOf(page.query, 'all'));
        body.replaceChildren(...parts.nodes);
      }
      parts.update(data, entry);
    },
  });
}

function sections(stream, reload, range) {
  const serves = panel('What serves');
  const rollout = panel('Rollout');
  const budgets = panel('Budgets');
  const switches = switchboard(stream, reload);
  const roles = panel(
    'Roles over time',
    {},
    rangeNav(range, LIST_RANGES, (time) => monitorLink('models', stream, time)),
  );
  const last = panel(
    'Newest decisions',
    {},
    h('a', { href: monitorLink('decisions', undefined, { stream }) }, 'All decisions'),
  );
  const models = panel('Models kept');
  const list = h('div');
  const said = answerPlace();
  models.body.append(said.node, list);
  const drawn = [
    part(serves.body, (state) => (state ? serving(state) : notLooked(stream))),
    part(rollout.body, (state) => rolloutState(state)),
    part(budgets.body, (state, limits) => budgetList(state, limits)),
    part(roles.body, (entries, state) => rolesOverTime(entries, state, boundsOf(range, (state?.atMs ?? 0) + 1))),
    part(last.body, (entries) =>
      entries.length > 0
        ? decisionList(entries)
        : empty('Nothing has been decided yet.', 'Every decision is listed here with its reason.'),
    ),
    part(list, (kept) => modelList(kept, said, reload)),
  ];
  return {
    nodes: [
      h(
        'div',
        { class: 'pair' },
        h('div', { class: 'monitor-body' }, serves.node, switches.node, budgets.node),
        h('div', { class: 'monitor-body' }, rollout.node, last.node),
      ),
      roles.node,
      models.node,
    ],
    update({ models: kept, entries }, { state, budgets: limits }) {
      const [drawServes, drawRollout, drawBudgets, drawRoles, drawLast, drawModels] = drawn;
      drawServes(state);
      drawRollout(state);
      drawBudgets(state, limits ?? null);
      switches.update(state, kept);
      drawRoles(entries, state);
      drawLast(entries.slice(0, SHOWN_DECISIONS));
      drawModels(kept);
    },
  };
}

const MODES = { forest: 'isolation forest', fallback: 'fallback (no model)', disabled: 'switched off' };

function serving(state) {
  const { champion, challenger, calibration, mode, reason } = state.serving;
  const model = (ref) => (ref ? h('code', null, ref.modelId) : 'none');
  return [
    state.suspended &&
      h('p', { class: 'alarmed' }, '◆ The controller is suspended: it decides nothing until it is resumed.'),
    state.hold && holdWords(state.hold),
    h(
      'dl',
      { class: 'facts' },
      fact('Champion', model(champion)),
      fact(
        'Challenger',
        challenger
          ? [model(challenger), challenger.share > 0 ? ` serves ${formatShare(challenger.share)}` : ' in the shadow']
          : 'none',
      ),
      fact('Last good', model(state.lastGood)),
      fact('Served by', MODES[mode] ?? mode),
      fact('Calibration', calibration ? `version ${calibration.version}` : "the model's own"),
      fact('Exceptions from dismissals', calibration ? calibration.dismissals.length : 0),
      fact('Trained', state.trainedMs === null ? 'unknown' : timeElement(state.trainedMs, 'both')),
      fact(
        'Newest look',
        state.seen ? [timeElement(state.seen.atMs, 'both'), `, ${causeWords(state.seen.cause)}`] : 'none yet',
      ),
    ),
    h('p', { class: 'hint' }, `Since the last change: ${reason || 'no reason given'}`),
  ];
}

const holdWords = ({ sinceMs, reason, trigger }) =>
  h(
    'p',
    { class: 'alarmed' },
    `◆ On hold by ${trigger}: ${reason} No model is changed. Since `,
    timeElement(sinceMs, 'since'),
    '.',
  );
