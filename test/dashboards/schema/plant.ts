/**
 * A copy of an object with one place of it changed: its keys, with points between them.
 * undefined: the place is taken away. Throws where the way there does not exist, so that no fault is planted beside its object.
 */
export function planted<T extends object>(object: T, place: string, value: unknown): T {
  const copy = structuredClone(object);
  const keys = place.split('.');
  const last = keys.pop()!;
  let at: unknown = copy;
  for (const key of keys) {
    at = (at as Record<string, unknown>)[key];
    if (typeof at !== 'object' || at === null) throw new Error(`there is no ${key} on the way to ${place}`);
  }
  const owner = at as Record<string, unknown>;
  if (value !== undefined) owner[last] = value;
  else if (!Reflect.has(owner, last) || !Reflect.deleteProperty(owner, last)) throw new Error(`there is no ${place}`);
  return copy;
}
