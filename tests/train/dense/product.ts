/** Products of matrices. */

import { Matrix, type Tape } from "./tape.ts";

/** Which of a product's factors are read with rows and columns exchanged. */
interface Transposed {
  left?: boolean;
  right?: boolean;
}

/** Adds `[rows, inner]` times `[inner, columns]`. */
function addProduct(
  into: Float64Array,
  left: Float64Array,
  right: Float64Array,
  [rows, inner, columns]: readonly [number, number, number],
  transposed: Transposed = {},
): void {
  const [leftDown, leftAcross] = transposed.left ? [1, rows] : [inner, 1];
  const [rightDown, rightAcross] = transposed.right ? [1, inner] : [columns, 1];
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < inner; at++) {
      const factor = left[row * leftDown + at * leftAcross];
      // Half of all attention weights, those of later tokens.
      if (factor === 0) continue;
      for (let column = 0; column < columns; column++) {
        into[row * columns + column] += factor * right[at * rightDown + column * rightAcross];
      }
    }
  }
}

/** `[n, k]` times `[k, m]`. */
export function product(tape: Tape, a: Matrix, b: Matrix): Matrix {
  const y = new Matrix(a.rows, b.columns);
  const [n, k, m] = [a.rows, a.columns, b.columns];
  addProduct(y.data, a.data, b.data, [n, k, m]);
  tape.record(() => {
    addProduct(a.gradient, y.gradient, b.data, [n, m, k], { right: true });
    addProduct(b.gradient, a.data, y.gradient, [k, n, m], { left: true });
  });
  return y;
}

/** `[n, inputs]` times the transpose of `[outputs, inputs]`, as weights are stored. */
export function linear(tape: Tape, x: Matrix, weight: Matrix): Matrix {
  const y = new Matrix(x.rows, weight.rows);
  const [n, inputs, outputs] = [x.rows, x.columns, weight.rows];
  addProduct(y.data, x.data, weight.data, [n, inputs, outputs], { right: true });
  tape.record(() => {
    addProduct(x.gradient, y.gradient, weight.data, [n, outputs, inputs]);
    addProduct(weight.gradient, y.gradient, x.data, [outputs, n, inputs], { left: true });
  });
  return y;
}
