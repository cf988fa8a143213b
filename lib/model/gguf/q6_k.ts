/**
 * Six bits a weight in blocks of 256: two halves of 128, in which 64 bytes hold the low four bits
 * and 32 bytes the high two; each 16 weights have a signed byte as scale.
 *
 * @module
 */

import { type BlockFormat, blockFormat } from "./block_format.ts";

const HIGH = 128;
const SCALES = HIGH + 64;
const SCALE = SCALES + 16;

/** `d s (q - 32)`: low bits, high bits, 16 scales, half-precision scale. */
export const q6_k: BlockFormat = blockFormat(256, SCALE + 2, (stored, at, out, to) => {
  const d = stored.getFloat16(at + SCALE, true);
  for (let i = 0; i < 256; i++) {
    const half = i >> 7;
    // A quarter of a half: which two of a byte's high bits, and which half of a byte's low bits.
    const quarter = i >> 5 & 3;
    const low = stored.getUint8(at + half * 64 + (i & 63)) >> (quarter >> 1) * 4 & 15;
    const high = stored.getUint8(at + HIGH + half * 32 + (i & 31)) >> quarter * 2 & 3;
    const scale = d * stored.getInt8(at + SCALES + (i >> 4));
    out[to + i] = scale * ((low | high << 4) - 32);
  }
});
