/** Which model had which role and when, as the ledger tells it. */

/** What each decision that changes a role comes to. */
export const CHANGES = {
  promote: ['champion', 'becomes champion'],
  roll_back: ['champion', 'is champion again, after a roll-back'],
  start_shadow: ['challenger', 'judges in the shadow'],
  start_canary: ['challenger', 'serves a first share'],
  canary_step: ['challenger', 'serves a larger share'],
  withdraw: ['end', 'is withdrawn'],
  keep_champion: ['kept', 'stays champion; the former one is stored'],
};

/** Changes of roles in the order of time, from ledger entries of whatever order. */
export function roleChanges(entries) {
  return entries
    .map(({ decision }) => decision)
    .filter((d) => d.result === 'done' && d.model !== null && Object.hasOwn(CHANGES, d.action))
    .map((d) => ({ id: d.id, atMs: d.atMs, modelId: d.model.modelId, action: d.action, role: CHANGES[d.action][0] }))
    .sort((a, b) => a.atMs - b.atMs);
}

/** Stretches of time in which a model had a role: { role, modelId, fromMs, toMs, action }. */
export function stretchesOf(changes, toMs) {
  const stretches = [];
  const open = { champion: null, challenger: null };
  const end = (role, atMs) => {
    if (open[role]) stretches.push({ ...open[role], toMs: atMs });
    open[role] = null;
  };
  for (const change of changes) {
    const { role, atMs } = change;
    if (role === 'champion') {
      const former = open.champion;
      end('champion', atMs);
      end('challenger', atMs);
      open.champion = { ...change, fromMs: atMs };
      // The former champion runs beside a fresh one that came through a rollout, until that one is kept.
      if (change.action === 'promote' && former && changes.some((c) => c.role === 'kept' && c.atMs > atMs))
        open.challenger = { ...former, role: 'challenger', fromMs: atMs };
    } else if (role === 'challenger') {
      if (open.challenger?.modelId === change.modelId) continue;
      end('challenger', atMs);
      open.challenger = { ...change, fromMs: atMs };
    } else end('challenger', atMs);
  }
  end('champion', toMs);
  end('challenger', toMs);
  return stretches;
}
