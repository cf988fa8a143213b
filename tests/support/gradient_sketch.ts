/** What is kept of a large gradient: enough that another one is not taken for it. */
export interface GradientSketch {
  /** The root of the sum of its squares. */
  norm: number;
  /** Its products with two vectors of pseudo-random signs. */
  signed: readonly [number, number];
}

/** Two unrelated bits of a number below 2^32, each -1 or 1; `sketch.py` computes the same. */
function signs(index: number): [number, number] {
  let hash = Math.imul(index + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash ^= hash >>> 13;
  return [hash & 1 ? -1 : 1, hash & 2 ? -1 : 1];
}

/** Sketches a gradient, with sums in float64. */
export function sketch(gradient: ArrayLike<number>): GradientSketch {
  let [squares, first, second] = [0, 0, 0];
  for (let at = 0; at < gradient.length; at++) {
    const value = gradient[at];
    const [one, other] = signs(at);
    squares += value * value;
    first += one * value;
    second += other * value;
  }
  return { norm: Math.sqrt(squares), signed: [first, second] };
}

/**
 * How far two sketches are apart, in units of the gradient's norm: gradients that differ by a share of
 * it have sketches that differ by about that share.
 */
export function sketchDistance(actual: GradientSketch, expected: GradientSketch): number {
  const apart = [
    actual.norm - expected.norm,
    ...actual.signed.map((value, at) => value - expected.signed[at]),
  ];
  return apart.reduce((most, by) => Math.max(most, Math.abs(by)), 0) / expected.norm;
}
