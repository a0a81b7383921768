/**
 * Solves (A + ridge · I) X = B for symmetric positive semi-definite A (n × n, row-major) and B (n × m), in place: B
 * becomes X. Cholesky's decomposition; a ridge above rounding error makes every pivot positive.
 */
export function solveRidge(a: Float64Array, n: number, ridge: number, b: Float64Array, m: number): void {
  for (let i = 0; i < n; i++) a[i * n + i]! += ridge;
  for (let j = 0; j < n; j++) {
    let pivot = a[j * n + j]!;
    for (let k = 0; k < j; k++) pivot -= a[j * n + k]! * a[j * n + k]!;
    if (!(pivot > 0)) throw new RangeError(`pivot ${j} of ${n} is ${pivot}: the matrix is not positive definite`);
    const root = Math.sqrt(pivot);
    a[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      a[i * n + j] = sum / root;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtractRow(b, i, k, a[i * n + k]!, m);
    divideRow(b, i, a[i * n + i]!, m);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtractRow(b, i, k, a[k * n + i]!, m);
    divideRow(b, i, a[i * n + i]!, m);
  }
}

function subtractRow(b: Float64Array, i: number, k: number, factor: number, m: number): void {
  if (factor === 0) return;
  for (let c = 0; c < m; c++) b[i * m + c]! -= factor * b[k * m + c]!;
}

function divideRow(b: Float64Array, i: number, by: number, m: number): void {
  for (let c = 0; c < m; c++) b[i * m + c]! /= by;
}

/**
 * Ridge regression of n targets on three inputs each has (own) or on all 3n inputs (shared), accumulated row by row.
 * Inputs come side by side: the first of all targets, the second of all, the third of all.
 */
export class Ridge {
  readonly #n: number;
  readonly #shared: boolean;
  readonly #width: number;
  readonly #gram: Float64Array;
  readonly #cross: Float64Array;
  #rows = 0;

  constructor(n: number, shared: boolean) {
    this.#n = n;
    this.#shared = shared;
    this.#width = shared ? 3 * n : 3;
    this.#gram = new Float64Array((shared ? 1 : n) * this.#width * this.#width);
    this.#cross = new Float64Array(n * this.#width);
  }

  /** inputs: 3n; targets: n. */
  add(inputs: Float64Array, targets: Float64Array): void {
    this.#rows++;
    if (this.#shared) this.#addShared(inputs, targets);
    else this.#addOwn(inputs, targets);
  }

  #addShared(inputs: Float64Array, targets: Float64Array): void {
    const width = this.#width;
    const n = this.#n;
    const gram = this.#gram;
    const cross = this.#cross;
    for (let i = 0; i < width; i++) {
      const x = inputs[i]!;
      if (x === 0) continue;
      for (let j = 0, g = i * width; j <= i; j++) gram[g + j]! += x * inputs[j]!;
      for (let c = 0, b = i * n; c < n; c++) cross[b + c]! += x * targets[c]!;
    }
  }

  #addOwn(inputs: Float64Array, targets: Float64Array): void {
    const n = this.#n;
    for (let c = 0; c < n; c++) {
      for (let i = 0; i < 3; i++) {
        const x = inputs[i * n + c]!;
        for (let j = 0; j <= i; j++) this.#gram[c * 9 + i * 3 + j]! += x * inputs[j * n + c]!;
        this.#cross[c * 3 + i]! += x * targets[c]!;
      }
    }
  }

  /** Writes W = (F'F / rows + ridge · I)⁻¹ F'z / rows to out, target by target. */
  solve(ridge: number, out: Float32Array): void {
    const width = this.#width;
    const outputs = this.#shared ? this.#n : 1;
    for (let s = 0; s < (this.#shared ? 1 : this.#n); s++) {
      const a = this.#gram.slice(s * width * width, (s + 1) * width * width);
      const b = this.#cross.slice(s * width * outputs, (s + 1) * width * outputs);
      for (let i = 0; i < width; i++) for (let j = i + 1; j < width; j++) a[i * width + j] = a[j * width + i]!;
      for (let i = 0; i < a.length; i++) a[i]! /= this.#rows;
      for (let i = 0; i < b.length; i++) b[i]! /= this.#rows;
      solveRidge(a, width, ridge, b, outputs);
      for (let o = 0; o < outputs; o++) {
        for (let i = 0; i < width; i++) out[(s + o) * width + i] = b[i * outputs + o]!;
      }
    }
  }
}
