export interface Difference {
  path: string;
  is: 'different' | 'missing' | 'surplus';
}

/** How files that are there differ from those that the sources make, by path. */
export function differences(made: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): Difference[] {
  const out: Difference[] = [];
  for (const [path, text] of made) {
    const there = found.get(path);
    if (there === undefined) out.push({ path, is: 'missing' });
    else if (there !== text) out.push({ path, is: 'different' });
  }
  for (const path of found.keys()) if (!made.has(path)) out.push({ path, is: 'surplus' });
  return out.sort((a, b) => (a.path < b.path ? -1 : 1));
}
