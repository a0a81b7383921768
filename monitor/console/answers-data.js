import { actionWords, causeWords, resultWords } from './decision-words.js';
import { formatCount, formatNumber, plural } from './format.js';
import { describeIncident } from './incident-list.js';
import { entityLink, incidentLink, monitorLink, runbookAddress } from './router.js';
import { formatDuration } from './time.js';

/**
 * The questions that somebody has who opens the console at night, answered from what the API says. Each answer: { key,
 * question, tone: good, look or unknown, words, href (of the words, or null), atMs (when, or null), more (in words, or '') }.
 * Nothing that is not known is called good.
 */
export const STALE_MS = 60_000;
/** A call for somebody is old news after this time. */
const CALL_MS = 24 * 3_600_000;

const QUESTIONS = {
  telemetry: 'Does telemetry arrive?',
  trust: 'Can the detector be trusted?',
  anomalous: 'What is anomalous, and why?',
  controller: 'What did the controller do?',
  now: 'What now?',
};
const answer = (key, tone, words, href = null, more = '', atMs = null) => ({
  key,
  question: QUESTIONS[key],
  tone,
  words,
  href,
  more,
  atMs,
});

/**
 * known: { status, open: incidents or null, entities: how many or null, monitor: { streams, newest: observation by stream,
 * entries: newest decisions } or null, trouble: why the monitor is not known, or '' }.
 */
export function answersOf(known) {
  return [telemetry(known), trust(known), anomalous(known), controller(known), whatNow(known)];
}

/** Where not even the status is known: trouble says why. */
export const unknownAnswers = (trouble) =>
  Object.keys(QUESTIONS).map((key, i) => answer(key, 'unknown', 'Not known.', null, i === 0 ? trouble : ''));

const names = (streams) => streams.map((s) => s.stream).join(', ');
const isStale = (s, nowMs) => s.lastRecordMs !== null && nowMs - s.lastRecordMs > STALE_MS;

function telemetry({ status: { streams, nowMs } }) {
  if (streams.length === 0) return answer('telemetry', 'look', 'No stream is configured.', '/pipeline');
  const arrived = streams.filter((s) => s.lastRecordMs !== null);
  const waiting = streams.filter((s) => s.lastRecordMs === null);
  if (arrived.length === 0) return answer('telemetry', 'look', 'Nothing has arrived yet.', '/pipeline', names(waiting));
  const waits = waiting.length > 0 ? `${names(waiting)} waits for a first record` : '';
  const stale = arrived.filter((s) => isStale(s, nowMs));
  if (stale.length > 0) {
    const longest = Math.max(...stale.map((s) => nowMs - s.lastRecordMs));
    return answer(
      'telemetry',
      'look',
      `No data from ${names(stale)} for ${formatDuration(longest)}.`,
      '/pipeline',
      waits,
    );
  }
  const behind = arrived.reduce((sum, s) => sum + (s.lagRecords ?? 0), 0);
  if (behind > 1_000)
    return answer('telemetry', 'look', `Yes, ${plural(behind, 'record')} behind.`, '/pipeline', waits);
  const rates = arrived.map((s) => s.pointsPerS).filter((rate) => rate !== null);
  const rate = rates.length > 0 ? `, ${formatNumber(rates.reduce((sum, r) => sum + r, 0))} points/s` : '';
  return answer('telemetry', 'good', `Yes: ${names(arrived)}${rate}.`, '/pipeline', waits);
}

/** One sentence a stream; those that give a reason to doubt come first. */
function trust({ status, monitor, trouble }) {
  if (monitor === null) return answer('trust', 'unknown', trouble || 'Loading …');
  const arrived = new Set(status.streams.filter((s) => s.lastRecordMs !== null).map((s) => s.stream));
  const told = monitor.streams
    .filter((s) => arrived.has(s.stream))
    .map((s) => ({
      stream: s.stream,
      ...trustIn(
        s.state,
        monitor.newest[s.stream] ?? null,
        status.streams.find((of) => of.stream === s.stream),
      ),
    }))
    .sort((a, b) => ORDER[a.tone] - ORDER[b.tone]);
  if (told.length === 0) return answer('trust', 'unknown', 'Not known: nothing has arrived yet.');
  const [first, ...others] = told.map((one) => ({ ...one, words: `${one.stream}: ${one.words}` }));
  return answer(
    'trust',
    first.tone === 'learning' ? 'unknown' : first.tone,
    first.words,
    monitorLink(first.page ?? 'drift', first.stream),
    others.map((o) => o.words).join(' '),
  );
}

const ORDER = { look: 0, good: 1, unknown: 2, learning: 3 };

function trustIn(state, newest, { source, training, mode }) {
  const look = (words, page) => ({ tone: 'look', words, page });
  if (state?.suspended) return look('the controller is suspended.', 'models');
  if (state?.hold) return look(`on hold, ${state.hold.reason}`, 'models');
  if (mode === 'disabled') return look('the forest is switched off.', 'models');
  if (training !== null && training !== undefined)
    return {
      tone: 'learning',
      words: `learning, ${formatCount(training.windows)} of ${formatCount(training.needed)} windows.`,
      page: 'models',
    };
  if (source !== 'forest') return look('the fallback judges, not the forest.', 'models');
  if (newest === null) return { tone: 'unknown', words: 'not known before the first full hour.' };
  const { alert_rate_ratio: ratio } = newest.spans.day;
  const alerts = ratio?.value == null ? '' : `alerts ${formatNumber(ratio.value)} × those expected`;
  if (ratio?.status === 'drift') return look(`${alerts}.`);
  const drifted = newest.features.filter((f) => f.status === 'drift').length;
  if (drifted > 0) return look(`${causeWords(newest.cause.kind)}, ${plural(drifted, 'feature')} shifted.`);
  if (newest.quality !== null && !newest.quality.trainable) return look('the data are poor.');
  if (alerts === '') return { tone: 'unknown', words: 'not known yet, too little was seen.' };
  return { tone: 'good', words: `yes, ${alerts}, ${causeWords(newest.cause.kind)}.` };
}

function anomalous({ status, open, entities }) {
  if (open === null) return answer('anomalous', 'unknown', 'Loading …');
  if (open.length === 0) {
    if (entities === 0) return answer('anomalous', 'unknown', 'Not known: nothing was judged yet.');
    return answer(
      'anomalous',
      'good',
      'Nothing.',
      '/incidents',
      entities === null ? '' : `${plural(entities, 'entity', 'entities')} as ever`,
    );
  }
  const [worst] = open.toSorted((a, b) => (b.peakSeverity ?? 0) - (a.peakSeverity ?? 0) || b.startMs - a.startMs);
  const more = Math.max(open.length, status.openIncidents) - 1;
  return answer(
    'anomalous',
    'look',
    `${worst.entity}: ${describeIncident(worst).split('; ', 1)[0]}.`,
    incidentLink(worst.id),
    more > 0 ? `and ${formatCount(more)} more` : '',
  );
}

function controller({ monitor, trouble }) {
  if (monitor === null) return answer('controller', 'unknown', trouble || 'Loading …');
  const decision = monitor.entries[0]?.decision;
  if (!decision) return answer('controller', 'good', 'Nothing so far.', monitorLink('decisions'));
  const words = `${decision.stream}: ${actionWords(decision.action)}, ${resultWords(decision.result)}.`;
  const tone = decision.result === 'held' || decision.urgency === 'page' ? 'look' : 'good';
  return answer('controller', tone, words, monitorLink('decisions', decision.id), decision.reason, decision.atMs);
}

/** What to do first, and how much else there is. */
function whatNow(known) {
  const [first, ...others] = toDo(known);
  if (!first) {
    if (known.open === null || known.monitor === null) return answer('now', 'unknown', known.trouble || 'Loading …');
    return answer(
      'now',
      'good',
      'Nothing to do.',
      null,
      known.status.demo ? 'To see it work, inject a fault below' : '',
    );
  }
  const [words, href] = first;
  return answer('now', 'look', words, href, others.length > 0 ? `then: ${others[0][0]}` : '');
}

function toDo({ status, open, monitor }) {
  const list = [];
  const { streams, nowMs } = status;
  for (const s of streams.filter((s) => isStale(s, nowMs)))
    list.push([`See why ${s.stream} sends nothing.`, '/pipeline']);
  if (streams.length > 0 && streams.every((s) => s.lastRecordMs === null))
    list.push(['Send telemetry; the pipeline shows what arrives.', '/pipeline']);
  const call = monitor?.entries.find(({ decision: d }) => d.urgency === 'page' && nowMs - d.atMs < CALL_MS)?.decision;
  if (call?.runbook) list.push([`Read the runbook ${call.runbook}.`, runbookAddress(call.runbook)]);
  for (const { stream, state } of monitor?.streams ?? []) {
    if (state?.rollout.phase === 'approval')
      list.push([`Approve or reject the candidate of ${stream}.`, monitorLink('models', stream)]);
    if (state?.suspended)
      list.push([`Resume the controller of ${stream} when it may decide again.`, monitorLink('models', stream)]);
  }
  const [worst] = (open ?? []).toSorted(
    (a, b) => (b.peakSeverity ?? 0) - (a.peakSeverity ?? 0) || b.startMs - a.startMs,
  );
  if (worst) {
    const at = { fromMs: Math.floor(worst.startMs - 15 * 60_000), toMs: Math.ceil(nowMs) };
    list.push([
      `Look at ${worst.entity}, then confirm or dismiss.`,
      worst.kind === 'absence' ? entityLink(worst.stream, worst.entity, at) : incidentLink(worst.id),
    ]);
  }
  return list;
}
