/** 600 rows with four events, and a score that is a little higher in them; `ties` rounds it to twentieths. */
export function madeUp(ties: boolean): { labels: Uint8Array; scores: Float64Array } {
  const labels = new Uint8Array(600);
  for (const [first, last] of [
    [40, 49],
    [52, 60],
    [200, 260],
    [590, 599],
  ] as const) {
    labels.fill(1, first, last + 1);
  }
  const scores = Float64Array.from(labels, (y, i) => (((i * 7919) % 1009) / 1009) * (1 - 0.3 * y) + 0.25 * y);
  return { labels, scores: ties ? scores.map((s) => Math.floor(s * 20) / 20) : scores };
}
