/**
 * Four or five bits a weight in blocks of 256: eight parts of 32, each with a scale and a minimum of
 * six bits, which are themselves scaled by two half-precision numbers of the block.
 *
 * A byte holds a weight of one part in its low half and a weight of the next part in its high half.
 *
 * @module
 */

import { type BlockFormat, blockFormat } from "./block_format.ts";
import { K_SCALE_BYTES, kMinimum, kScale } from "./k_scales.ts";

const PARTS = 8;
const PART = 32;
const SCALES = 4;
const NIBBLES = SCALES + K_SCALE_BYTES;

/** `d s q - dm m`: two half-precision scales, scales and minima, 128 bytes. */
export const q4_k: BlockFormat = blockFormat(256, NIBBLES + 128, (stored, at, out, to) => {
  const d = stored.getFloat16(at, true);
  const dm = stored.getFloat16(at + 2, true);
  for (let part = 0; part < PARTS; part++) {
    const scale = d * kScale(stored, at + SCALES, part);
    const minimum = dm * kMinimum(stored, at + SCALES, part);
    const bytes = at + NIBBLES + (part >> 1) * PART;
    const shift = (part & 1) * 4;
    for (let i = 0; i < PART; i++) {
      const q = stored.getUint8(bytes + i) >> shift & 15;
      out[to + part * PART + i] = scale * q - minimum;
    }
  }
});

/** As {@linkcode q4_k}, with 32 bytes before the 128, whose bit `part` is a weight's fifth. */
export const q5_k: BlockFormat = blockFormat(256, NIBBLES + 160, (stored, at, out, to) => {
  const d = stored.getFloat16(at, true);
  const dm = stored.getFloat16(at + 2, true);
  for (let part = 0; part < PARTS; part++) {
    const scale = d * kScale(stored, at + SCALES, part);
    const minimum = dm * kMinimum(stored, at + SCALES, part);
    const fifths = at + NIBBLES;
    const bytes = fifths + PART + (part >> 1) * PART;
    const shift = (part & 1) * 4;
    for (let i = 0; i < PART; i++) {
      const fifth = stored.getUint8(fifths + i) >> part & 1;
      const q = stored.getUint8(bytes + i) >> shift & 15 | fifth << 4;
      out[to + part * PART + i] = scale * q - minimum;
    }
  }
});
