import { Matrix, type Tape } from "./tape.ts";

/**
 * Rotary embedding of one head: feature i of each row is turned together with feature i + half, by an
 * angle that grows with the row, which is the token's position.
 */
export function rotate(tape: Tape, x: Matrix, theta: number): Matrix {
  const { rows, columns } = x;
  const half = columns / 2;

  /** Turns all pairs of `from`, forwards or back, and adds them to `to`. */
  function turn(from: Float64Array, to: Float64Array, direction: 1 | -1): void {
    for (let position = 0; position < rows; position++) {
      for (let pair = 0; pair < half; pair++) {
        const angle = direction * position * theta ** (-2 * pair / columns);
        const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
        const [first, second] = [position * columns + pair, position * columns + pair + half];
        to[first] += from[first] * cosine - from[second] * sine;
        to[second] += from[second] * cosine + from[first] * sine;
      }
    }
  }

  const y = new Matrix(rows, columns);
  turn(x.data, y.data, 1);
  tape.record(() => turn(y.gradient, x.gradient, -1));
  return y;
}
