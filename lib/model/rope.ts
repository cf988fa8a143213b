/** Cosines and sines of rotary position embedding. */
export interface RotaryTable {
  /** Cosines of the angles, `[tokens, head size / 2]`. */
  cos: Float32Array<ArrayBuffer>;
  /** Sines of the angles, `[tokens, head size / 2]`. */
  sin: Float32Array<ArrayBuffer>;
}

/**
 * The rotary table of a row's positions.
 *
 * Angles are rounded to float32 where PyTorch's implementation in transformers rounds them, so that
 * logits agree at long positions too.
 */
export function rotaryTable(
  positions: Int32Array,
  headSize: number,
  theta: number,
): RotaryTable {
  const half = headSize / 2;
  const frequency = Float32Array.from(
    { length: half },
    (_, at) => 1 / Math.fround(Math.pow(theta, Math.fround(2 * at / headSize))),
  );
  const cos = new Float32Array(positions.length * half);
  const sin = new Float32Array(positions.length * half);
  // Documents of a row, and branches of a document, have positions in common.
  const rows = new Map<number, number>();
  for (let token = 0; token < positions.length; token++) {
    const known = rows.get(positions[token]);
    if (known !== undefined) {
      cos.copyWithin(token * half, known * half, (known + 1) * half);
      sin.copyWithin(token * half, known * half, (known + 1) * half);
      continue;
    }
    rows.set(positions[token], token);
    for (let at = 0; at < half; at++) {
      const angle = Math.fround(positions[token] * frequency[at]);
      cos[token * half + at] = Math.cos(angle);
      sin[token * half + at] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
