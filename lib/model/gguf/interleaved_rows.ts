/**
 * The order of rows in which llama.cpp keeps queries and keys.
 *
 * @module
 */

/**
 * Puts the rows of a query or key matrix into Hugging Face's order, in place.
 *
 * A head's numbers are turned in pairs. Here the pairs are neighbours, row `2 i` and row `2 i + 1`;
 * there they are half a head apart, row `i` and row `i + size / 2`.
 *
 * @param matrix `[heads x headSize, width]`
 */
export function separateRows(
  matrix: Float32Array | Uint16Array,
  headSize: number,
  width: number,
): void {
  for (let start = 0; start < matrix.length; start += headSize * width) {
    const head = matrix.subarray(start, start + headSize * width);
    const rows = head.slice();
    for (let row = 0; row < headSize; row++) {
      const target = (row >> 1) + (row & 1) * (headSize / 2);
      head.set(rows.subarray(row * width, (row + 1) * width), target * width);
    }
  }
}
