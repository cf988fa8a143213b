/**
 * Five bits a weight in blocks of 32: four bits as in Q4_0, and before them a word with
 * the fifth bit of each weight.
 *
 * @module
 */

import { type BlockFormat, blockFormat } from "./block_format.ts";

/** `d (q - 16)`: half-precision scale, fifth bits, 16 bytes. */
export const q5_0: BlockFormat = blockFormat(32, 22, (stored, at, out, to) => {
  const d = stored.getFloat16(at, true);
  const fifth = stored.getUint32(at + 2, true);
  for (let i = 0; i < 16; i++) {
    const byte = stored.getUint8(at + 6 + i);
    out[to + i] = d * ((byte & 15 | (fifth >>> i & 1) << 4) - 16);
    out[to + 16 + i] = d * ((byte >> 4 | (fifth >>> i + 16 & 1) << 4) - 16);
  }
});

/** `d q + m`: half-precision scale and minimum, fifth bits, 16 bytes. */
export const q5_1: BlockFormat = blockFormat(32, 24, (stored, at, out, to) => {
  const d = stored.getFloat16(at, true);
  const m = stored.getFloat16(at + 2, true);
  const fifth = stored.getUint32(at + 4, true);
  for (let i = 0; i < 16; i++) {
    const byte = stored.getUint8(at + 8 + i);
    out[to + i] = d * (byte & 15 | (fifth >>> i & 1) << 4) + m;
    out[to + 16 + i] = d * (byte >> 4 | (fifth >>> i + 16 & 1) << 4) + m;
  }
});
