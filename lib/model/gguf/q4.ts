/**
 * Four bits a weight in blocks of 32: the low halves of 16 bytes are the first 16 weights, the high
 * halves the others.
 *
 * @module
 */

import { type BlockFormat, blockFormat } from "./block_format.ts";

/** `d (q - 8)`: half-precision scale, 16 bytes. */
export const q4_0: BlockFormat = blockFormat(32, 18, (stored, at, out, to) => {
  const d = stored.getFloat16(at, true);
  for (let i = 0; i < 16; i++) {
    const byte = stored.getUint8(at + 2 + i);
    out[to + i] = d * ((byte & 15) - 8);
    out[to + 16 + i] = d * ((byte >> 4) - 8);
  }
});

/** `d q + m`: half-precision scale and minimum, 16 bytes. */
export const q4_1: BlockFormat = blockFormat(32, 20, (stored, at, out, to) => {
  const d = stored.getFloat16(at, true);
  const m = stored.getFloat16(at + 2, true);
  for (let i = 0; i < 16; i++) {
    const byte = stored.getUint8(at + 4 + i);
    out[to + i] = d * (byte & 15) + m;
    out[to + 16 + i] = d * (byte >> 4) + m;
  }
});
