/** Parts of matrices, chosen and put together. */

import { Matrix, type Tape } from "./tape.ts";

/** `[places]`: numbers of `x`, each at its place, as a matrix of `columns`. */
function choose(tape: Tape, x: Matrix, places: readonly number[], columns: number): Matrix {
  const data = Float64Array.from(places, (place) => x.data[place]);
  const y = new Matrix(places.length / columns, columns, data);
  tape.record(() => places.forEach((place, at) => x.gradient[place] += y.gradient[at]));
  return y;
}

/** Rows of a table, one after another. */
export function gatherRows(tape: Tape, table: Matrix, rows: readonly number[]): Matrix {
  const { columns } = table;
  const places = rows.flatMap((row) =>
    Array.from({ length: columns }, (_, column) => row * columns + column)
  );
  return choose(tape, table, places, columns);
}

/** The columns of `x` from `from` on, `count` of them. */
export function columnsOf(tape: Tape, x: Matrix, from: number, count: number): Matrix {
  const places = Array.from(
    { length: x.rows * count },
    (_, at) => Math.floor(at / count) * x.columns + from + at % count,
  );
  return choose(tape, x, places, count);
}

/** One number of each row: `[rows, 1]`. */
export function pick(tape: Tape, x: Matrix, columns: readonly number[]): Matrix {
  return choose(tape, x, columns.map((column, row) => row * x.columns + column), 1);
}

/** The sum of chosen numbers: `[1, 1]`. */
export function sumOf(tape: Tape, x: Matrix, places: readonly number[]): Matrix {
  const y = Matrix.of(places.reduce((sum, place) => sum + x.data[place], 0));
  tape.record(() => places.forEach((place) => x.gradient[place] += y.gradient[0]));
  return y;
}

/** Matrices of as many rows, one to the right of another. */
export function beside(tape: Tape, parts: readonly Matrix[]): Matrix {
  const columns = parts.reduce((sum, part) => sum + part.columns, 0);
  const y = new Matrix(parts[0].rows, columns);
  /** Goes through all numbers: which part, where in it, and where in the whole. */
  function each(visit: (part: Matrix, at: number, whole: number) => void): void {
    let from = 0;
    for (const part of parts) {
      for (let at = 0; at < part.data.length; at++) {
        visit(part, at, Math.floor(at / part.columns) * columns + from + at % part.columns);
      }
      from += part.columns;
    }
  }
  each((part, at, whole) => y.data[whole] = part.data[at]);
  tape.record(() => each((part, at, whole) => part.gradient[at] += y.gradient[whole]));
  return y;
}
