/** What is known of a file, in the order in which it is told. */
export interface Facts {
  [name: string]: string | number | boolean | null | readonly string[] | Facts;
}

const SHOWN_NAMES = 12;

/** `sampleSize` reads "sample size" for a person; --json keeps the name. */
const words = (name: string): string => name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);

/** Lines for a person: long lists are cut, with their count. */
export function factLines(facts: Facts): string[] {
  const width = Math.max(...Object.keys(facts).map((name) => words(name).length));
  return Object.entries(facts).map(([name, value]) => `${words(name).padEnd(width)}  ${shown(value)}`);
}

function shown(value: Facts[string]): string {
  if (Array.isArray(value)) {
    const names: readonly string[] = value;
    const more = names.length > SHOWN_NAMES ? `, and ${names.length - SHOWN_NAMES} more` : '';
    return `${names.length}${names.length > 0 ? `: ${names.slice(0, SHOWN_NAMES).join(', ')}${more}` : ''}`;
  }
  if (value !== null && typeof value === 'object')
    return Object.entries(value)
      .map(([name, inner]) => `${words(name)} ${shown(inner)}`)
      .join(', ');
  return typeof value === 'number' ? value.toLocaleString('en') : String(value);
}
