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
