/**
 * Reverse-mode differentiation of matrices in float64: a list of steps to be gone back.
 *
 * @module
 */

/** Numbers row by row, and the gradient of a result by each of them. */
export class Matrix {
  readonly gradient: Float64Array;

  constructor(
    readonly rows: number,
    readonly columns: number,
    readonly data: Float64Array = new Float64Array(rows * columns),
  ) {
    this.gradient = new Float64Array(data.length);
  }

  /** One number. */
  static of(value: number): Matrix {
    return new Matrix(1, 1, Float64Array.of(value));
  }
}

/** What was computed, in its order. */
export class Tape {
  readonly #steps: (() => void)[] = [];

  /** Remembers how a gradient goes from what was just computed to what it was computed from. */
  record(step: () => void): void {
    this.#steps.push(step);
  }

  /** Adds the gradients of `weight` times a `[1, 1]` result to all that it was computed from. */
  backward(result: Matrix, weight = 1): void {
    result.gradient[0] += weight;
    for (const step of this.#steps.toReversed()) step();
  }
}
