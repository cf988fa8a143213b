/** Number by number. */

import { Matrix, type Tape } from "./tape.ts";

/** The sum of matrices of one shape, each times a number. */
export function combine(tape: Tape, terms: readonly (readonly [number, Matrix])[]): Matrix {
  const y = new Matrix(terms[0][1].rows, terms[0][1].columns);
  for (const [factor, x] of terms) x.data.forEach((value, at) => y.data[at] += factor * value);
  tape.record(() => {
    for (const [factor, x] of terms) {
      y.gradient.forEach((slope, at) => x.gradient[at] += factor * slope);
    }
  });
  return y;
}

/** The sum of two matrices. */
export function add(tape: Tape, a: Matrix, b: Matrix): Matrix {
  return combine(tape, [[1, a], [1, b]]);
}

/** The products of two matrices' numbers. */
export function multiply(tape: Tape, a: Matrix, b: Matrix): Matrix {
  const y = new Matrix(a.rows, a.columns, a.data.map((value, at) => value * b.data[at]));
  tape.record(() =>
    y.gradient.forEach((slope, at) => {
      a.gradient[at] += slope * b.data[at];
      b.gradient[at] += slope * a.data[at];
    })
  );
  return y;
}

/** `x / (1 + e^-x)`. */
export function silu(tape: Tape, x: Matrix): Matrix {
  const sigmoid = x.data.map((value) => 1 / (1 + Math.exp(-value)));
  const y = new Matrix(x.rows, x.columns, x.data.map((value, at) => value * sigmoid[at]));
  tape.record(() =>
    y.gradient.forEach((slope, at) => {
      x.gradient[at] += slope * sigmoid[at] * (1 + x.data[at] * (1 - sigmoid[at]));
    })
  );
  return y;
}
