import { post } from './api.js';
import { answerPlace, decidedWords } from './decided.js';
import { ask, select } from './dialog.js';
import { h, panel, part } from './dom.js';

const MODES = [
  ['forest', 'isolation forest'],
  ['fallback', 'fallback (no model)'],
  ['disabled', 'switched off'],
];

/** What a person may ask the controller for. Each is asked again before it is done, and becomes a decision in the ledger. */
export function switchboard(stream, reload) {
  const { node, body } = panel('Switchboard');
  const said = answerPlace();
  const buttons = h('div', { class: 'switches' });
  body.append(
    h(
      'p',
      { class: 'hint' },
      'Each asks before it acts, and becomes a decision with your note. Budgets do not bind people.',
    ),
    buttons,
    said.node,
  );

  const command = async (given, question) => {
    const answer = await ask(question);
    if (answer === null) return;
    said.say(h('p', null, 'Asking …'));
    try {
      const { note, ...values } = answer;
      const what = typeof given === 'function' ? given(values) : given;
      const { decisions } = await post(`/api/control/${encodeURIComponent(stream)}`, { command: what, note });
      said.say(decidedWords(decisions));
      await reload();
    } catch (error) {
      said.fail(error);
    }
  };

  const draw = part(buttons, (state, models) =>
    switchesOf(stream, state, models).map(({ name, command: given, ...question }) =>
      h(
        'button',
        {
          type: 'button',
          dataset: { key: `switch ${name}` },
          onclick: () =>
            command(given, { title: `${name}: ${stream}?`, button: name, ...question, fields: question.fields?.() }),
        },
        name,
      ),
    ),
  );
  return {
    node,
    update: (state, models) =>
      draw(
        state,
        models.map(({ id, sha256 }) => ({ id, sha256 })),
      ),
  };
}

/** Those that make sense now; the controller has the last word and says why it refuses. */
function switchesOf(stream, state, models) {
  const { rollout, lastGood, serving, suspended, hold } = state ?? { rollout: { phase: 'idle' } };
  const candidate = rollout.phase === 'watching' ? null : (rollout.candidate ?? null);
  const others = models.filter((m) => m.id !== serving?.champion?.modelId);
  return [
    suspended || hold
      ? {
          name: 'Resume',
          command: { kind: 'resume' },
          text: suspended ? 'The controller decides again by itself.' : `The hold is lifted at once: ${hold.reason}`,
        }
      : {
          name: 'Suspend',
          command: { kind: 'suspend' },
          text: 'The controller goes on watching and decides nothing until it is resumed. What serves goes on serving.',
        },
    {
      name: 'Retrain',
      command: { kind: 'retrain' },
      text: 'A candidate is trained on what is not quarantined, and serves only if it is no worse.',
    },
    {
      name: 'Recalibrate',
      command: { kind: 'recalibrate' },
      text: 'The model stays; what its scores mean is measured anew on recent windows.',
    },
    rollout.phase === 'approval' && {
      name: 'Approve',
      command: { kind: 'approve', model: candidate },
      text: `${candidate.modelId} begins its rollout in the shadow.`,
    },
    candidate && {
      name: 'Reject',
      command: { kind: 'reject', model: candidate },
      text: `${candidate.modelId} is withdrawn, and the champion goes on.`,
    },
    others.length > 0 && {
      name: 'Promote',
      command: ({ model }) => ({ kind: 'promote', model: refOf(others, model) }),
      text: 'The model chosen serves every entity at once, without a rollout.',
      fields: () => [
        {
          label: 'Model',
          input: select(
            'model',
            others.map((m) => [m.id, m.id]),
          ),
        },
      ],
    },
    lastGood && {
      name: 'Revert',
      command: { kind: 'revert' },
      text: `Back to ${lastGood.modelId}, the last model that served well.`,
    },
    {
      name: 'Change mode',
      command: ({ mode }) => ({ kind: 'mode', mode }),
      text: `Who judges the windows of ${stream}. The fallback needs no model; switched off there are no verdicts at all.`,
      fields: () => {
        const input = select('mode', MODES);
        input.value = serving?.mode ?? 'forest';
        return [{ label: 'Mode', input }];
      },
    },
  ].filter(Boolean);
}

function refOf(models, id) {
  const { sha256 } = models.find((m) => m.id === id);
  return { modelId: id, sha256 };
}
