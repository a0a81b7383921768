/** In the order in which each key first comes. */
export function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const out = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const some = out.get(key);
    if (some === undefined) out.set(key, [one]);
    else some.push(one);
  }
  return out;
}
