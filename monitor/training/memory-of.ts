/** Bytes that an object or a list of them costs beside what it holds, about. */
const OBJECT_BYTES = 48;

/** Bytes of memory behind a value, about: every buffer once, texts, and a share for objects. Cycles are fine. */
export function memoryOf(value: unknown): number {
  const seen = new Set<object>();
  const left: unknown[] = [value];
  let bytes = 0;
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one === 'string') bytes += 2 * one.length;
    if (typeof one !== 'object' || one === null || seen.has(one)) continue;
    seen.add(one);
    if (ArrayBuffer.isView(one)) {
      const { buffer } = one;
      if (!seen.has(buffer)) bytes += buffer.byteLength;
      seen.add(buffer);
      continue;
    }
    bytes += OBJECT_BYTES;
    if (one instanceof Map) for (const entry of one) left.push(...entry);
    else if (Array.isArray(one) || one instanceof Set) for (const item of one) left.push(item);
    else left.push(...Object.values(one));
  }
  return bytes;
}
