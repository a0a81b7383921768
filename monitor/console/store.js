import { get } from './api.js';
import { learnServerTime } from './time.js';

/**
 * What all pages share: the streams' status, the connection, and live messages. Messages carry no history, so after a
 * gap pages are told to read everything anew ('again').
 */
const SILENT_MS = 40_000;
const listeners = new Map();
let source = null;
let lastMessageMs = Date.now();
let everLive = false;

export const state = { status: null, connection: 'connecting', trouble: null, knownMs: null };

/** Events: status, verdicts, incident, connection, again. Returns the way to stop listening. */
export function on(event, listener) {
  const held = listeners.get(event) ?? new Set();
  listeners.set(event, held);
  held.add(listener);
  return () => held.delete(listener);
}

function emit(event, data) {
  for (const listener of listeners.get(event) ?? []) listener(data);
}

function setConnection(connection) {
  if (state.connection === connection) return;
  state.connection = connection;
  emit('connection', connection);
}

function takeStatus(status) {
  learnServerTime(status.nowMs);
  state.status = status;
  state.trouble = null;
  state.knownMs = status.nowMs;
  emit('status', status);
  emit('connection', state.connection);
}

/** What keeps the status from being known, with what to do about it. */
export function setTrouble(problem) {
  state.trouble = problem;
  emit('connection', state.connection);
}

export async function loadStatus(signal) {
  const status = await get('/api/status', {}, signal);
  takeStatus(status);
  return status;
}

function listen() {
  source?.close();
  source = new EventSource('/api/events');
  const heard = (event, take) =>
    source.addEventListener(event, (message) => {
      lastMessageMs = Date.now();
      const again = state.connection === 'lost';
      setConnection('live');
      take(JSON.parse(message.data));
      if (again) emit('again');
    });
  heard('hello', ({ nowMs }) => {
    learnServerTime(nowMs);
    if (everLive) emit('again');
    everLive = true;
  });
  heard('heartbeat', ({ nowMs }) => learnServerTime(nowMs));
  heard('status', takeStatus);
  heard('verdicts', (data) => emit('verdicts', data));
  heard('incident', (data) => emit('incident', data));
  heard('trouble', setTrouble);
  source.onerror = () => setConnection('lost');
}

export function connect() {
  listen();
  // A connection that a sleeping laptop or a proxy has let die reports no error; the missing heartbeat tells.
  setInterval(() => {
    const silent = Date.now() - lastMessageMs > SILENT_MS;
    if (silent) setConnection('lost');
    if (silent || source.readyState === EventSource.CLOSED) {
      lastMessageMs = Date.now();
      listen();
    }
  }, 5_000);
}
