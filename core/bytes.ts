/**
 * Little-endian binary writer and reader for artifacts and partition states. The reader never throws on hostile bytes
 * by accident: every read checks its bounds and throws CorruptBytes, which the caller turns into a coded fault.
 */
export class CorruptBytes extends Error {
  constructor(what: string, at: number) {
    super(`${what} at byte ${at}`);
    this.name = 'CorruptBytes';
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  #room(size: number): number {
    const at = this.#length;
    const need = at + size;
    if (need > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(need, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = need;
    return at;
  }

  // Room is made first, in a statement of its own: growing replaces the view, and `view.set(room())` would read the old one.
  u8(value: number): void {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
  }

  u32(value: number): void {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
  }

  f64(value: number): void {
    const at = this.#room(8);
    this.#view.setFloat64(at, value, true);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  text(value: string): void {
    const bytes = encoder.encode(value);
    this.u32(bytes.length);
    this.raw(bytes);
  }

  f64s(values: ArrayLike<number>): void {
    this.u32(values.length);
    let at = this.#room(values.length * 8);
    for (let i = 0; i < values.length; i++, at += 8) this.#view.setFloat64(at, values[i]!, true);
  }

  f32s(values: ArrayLike<number>): void {
    this.u32(values.length);
    let at = this.#room(values.length * 4);
    for (let i = 0; i < values.length; i++, at += 4) this.#view.setFloat32(at, values[i]!, true);
  }

  i32s(values: ArrayLike<number>): void {
    this.u32(values.length);
    let at = this.#room(values.length * 4);
    for (let i = 0; i < values.length; i++, at += 4) this.#view.setInt32(at, values[i]!, true);
  }

  /** The bytes written so far, copied out. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get at(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  #take(size: number, what: string): number {
    if (size > this.remaining)
      throw new CorruptBytes(`${what} needs ${size} bytes, ${this.remaining} are left`, this.#at);
    const at = this.#at;
    this.#at += size;
    return at;
  }

  /** A count of items of itemBytes each, refused when the bytes that are left cannot hold them. */
  count(what: string, itemBytes: number, max = 0xffffffff): number {
    const at = this.#at;
    const n = this.u32(what);
    if (n > max) throw new CorruptBytes(`${what} is ${n}, at most ${max} expected`, at);
    if (n * itemBytes > this.remaining)
      throw new CorruptBytes(`${what} is ${n}, more than the bytes left can hold`, at);
    return n;
  }

  u8(what: string): number {
    return this.#view.getUint8(this.#take(1, what));
  }

  u32(what: string): number {
    return this.#view.getUint32(this.#take(4, what), true);
  }

  f64(what: string): number {
    return this.#view.getFloat64(this.#take(8, what), true);
  }

  raw(size: number, what: string): Uint8Array {
    const at = this.#take(size, what);
    return this.#bytes.subarray(at, at + size);
  }

  text(what: string, maxBytes = 65536): string {
    const at = this.#at;
    const size = this.count(what, 1, maxBytes);
    try {
      return decoder.decode(this.raw(size, what));
    } catch (cause) {
      if (cause instanceof CorruptBytes) throw cause;
      throw new CorruptBytes(`${what} is not UTF-8`, at);
    }
  }

  f64s(what: string): Float64Array {
    const n = this.count(what, 8);
    let at = this.#take(n * 8, what);
    const out = new Float64Array(n);
    for (let i = 0; i < n; i++, at += 8) out[i] = this.#view.getFloat64(at, true);
    return out;
  }

  f32s(what: string): Float32Array {
    const n = this.count(what, 4);
    let at = this.#take(n * 4, what);
    const out = new Float32Array(n);
    for (let i = 0; i < n; i++, at += 4) out[i] = this.#view.getFloat32(at, true);
    return out;
  }

  i32s(what: string): Int32Array {
    const n = this.count(what, 4);
    let at = this.#take(n * 4, what);
    const out = new Int32Array(n);
    for (let i = 0; i < n; i++, at += 4) out[i] = this.#view.getInt32(at, true);
    return out;
  }
}
