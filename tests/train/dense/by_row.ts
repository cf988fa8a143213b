/** What is computed of each row by itself: norms and softmaxes. */

import { Matrix, type Tape } from "./tape.ts";

/** A matrix's rows, of its numbers or of their gradients. */
function rowsOf({ rows, columns }: Matrix, numbers: Float64Array): Float64Array[] {
  return Array.from(
    { length: rows },
    (_, row) => numbers.subarray(row * columns, (row + 1) * columns),
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
  return sum;
}

/** Rows divided by their root mean square, times a weight a column. */
export function rmsNorm(tape: Tape, x: Matrix, weight: Matrix, epsilon: number): Matrix {
  const y = new Matrix(x.rows, x.columns);
  const inverse = rowsOf(x, x.data).map((row) =>
    1 / Math.sqrt(dot(row, row) / x.columns + epsilon)
  );
  x.data.forEach((value, at) => {
    y.data[at] = value * inverse[Math.floor(at / x.columns)] * weight.data[at % x.columns];
  });
  tape.record(() => {
    const slopes = rowsOf(y, y.gradient);
    const gradients = rowsOf(x, x.gradient);
    rowsOf(x, x.data).forEach((row, index) => {
      const r = inverse[index];
      const weighted = slopes[index].map((slope, column) => slope * weight.data[column]);
      // The root mean square depends on every number of the row.
      const common = dot(weighted, row) * r ** 3 / x.columns;
      row.forEach((value, column) => {
        gradients[index][column] += weighted[column] * r - value * common;
        weight.gradient[column] += slopes[index][column] * value * r;
      });
    });
  });
  return y;
}

/** `e^x` of the numbers that count, divided by their sum; 0 for the others. */
export function softmax(
  tape: Tape,
  x: Matrix,
  counts: (row: number, column: number) => boolean,
): Matrix {
  const y = new Matrix(x.rows, x.columns);
  const results = rowsOf(y, y.data);
  rowsOf(x, x.data).forEach((row, index) => {
    const seen = row.map((value, column) => counts(index, column) ? value : -Infinity);
    const largest = seen.reduce((a, b) => Math.max(a, b));
    const powers = seen.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((a, b) => a + b);
    results[index].set(powers.map((power) => power / sum));
  });
  tape.record(() => {
    const slopes = rowsOf(y, y.gradient);
    rowsOf(x, x.gradient).forEach((gradient, index) => {
      const mean = dot(results[index], slopes[index]);
      results[index].forEach((share, column) => {
        gradient[column] += share * (slopes[index][column] - mean);
      });
    });
  });
  return y;
}

/** `x - log(sum(e^x))`, row by row. */
export function logSoftmax(tape: Tape, x: Matrix): Matrix {
  const y = new Matrix(x.rows, x.columns);
  const results = rowsOf(y, y.data);
  rowsOf(x, x.data).forEach((row, index) => {
    const largest = row.reduce((a, b) => Math.max(a, b));
    const sum = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    results[index].set(row.map((value) => value - largest - Math.log(sum)));
  });
  tape.record(() => {
    const slopes = rowsOf(y, y.gradient);
    rowsOf(x, x.gradient).forEach((gradient, index) => {
      const total = slopes[index].reduce((a, b) => a + b);
      results[index].forEach((value, column) => {
        gradient[column] += slopes[index][column] - Math.exp(value) * total;
      });
    });
  });
  return y;
}
