/** Features by interval, from observations in the order of time. */

/** The newest observation of each interval, oldest first; null where none is known. Counted back from the newest one. */
export function intervalsOf(observations) {
  const newest = observations.at(-1);
  const { intervalMs } = newest;
  const columns = [];
  let next = observations.length - 1;
  for (let endMs = newest.atMs; endMs > observations[0].atMs - intervalMs && next >= 0; endMs -= intervalMs) {
    const found = observations[next].atMs > endMs - intervalMs ? observations[next] : null;
    while (next >= 0 && observations[next].atMs > endMs - intervalMs) next--;
    columns.unshift({ endMs, observation: found });
  }
  return columns;
}

/** Features by their newest shift, then by their largest. */
export function rowsOf(columns, measure) {
  const rows = new Map();
  columns.forEach(({ observation }, at) => {
    for (const f of observation?.features ?? []) {
      const row = rows.get(f.feature) ?? { feature: f.feature, limit: null, cells: columns.map(() => null) };
      rows.set(f.feature, row);
      row.limit = measure === 'ks' ? f.ksLimit : f.psiLimit;
      row.cells[at] = { value: f[measure], status: f.status };
    }
  });
  const newest = (row) => row.cells.at(-1)?.value ?? -1;
  const largest = (row) => Math.max(...row.cells.map((c) => c?.value ?? -1));
  return [...rows.values()].sort((a, b) => newest(b) - newest(a) || largest(b) - largest(a));
}
