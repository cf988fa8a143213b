/**
 * Scales and minima of Q4_K and Q5_K: eight of each, six bits wide, in twelve bytes.
 *
 * @module
 */

/** Bytes that they take. */
export const K_SCALE_BYTES = 12;

/**
 * The scale of part `part` of a block. The first four parts have a byte to themselves; the others
 * have their low four bits in the last bytes, and their high two bits above those of the first four.
 */
export function kScale(stored: DataView, at: number, part: number): number {
  if (part < 4) return stored.getUint8(at + part) & 63;
  return stored.getUint8(at + part + 4) & 15 | (stored.getUint8(at + part - 4) >> 6) << 4;
}

/** The minimum of part `part` of a block, stored as the scale is. */
export function kMinimum(stored: DataView, at: number, part: number): number {
  if (part < 4) return stored.getUint8(at + part + 4) & 63;
  return stored.getUint8(at + part + 4) >> 4 | (stored.getUint8(at + part) >> 6) << 4;
}
