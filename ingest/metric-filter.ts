/** A pattern in which * stands for any run of characters, as a test. */
export function globMatcher(pattern: string): (name: string) => boolean {
  if (pattern === '*') return () => true;
  const parts = pattern.split('*');
  if (parts.length === 1) return (name) => name === pattern;
  const head = parts[0]!;
  const tail = parts.at(-1)!;
  const middle = parts.slice(1, -1);
  return (name) => {
    if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
    let at = head.length;
    const end = name.length - tail.length;
    for (const part of middle) {
      const found = name.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

/** Whether a metric is watched: in `include`, not in `exclude`. */
export function metricFilter(include: readonly string[], exclude: readonly string[]): (name: string) => boolean {
  const inside = include.map(globMatcher);
  const outside = exclude.map(globMatcher);
  return (name) => inside.some((matches) => matches(name)) && !outside.some((matches) => matches(name));
}
