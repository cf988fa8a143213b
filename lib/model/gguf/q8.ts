/**
 * A byte a weight in blocks of 32.
 *
 * @module
 */

import { type BlockFormat, blockFormat } from "./block_format.ts";

/** `d q`: half-precision scale, 32 signed bytes. */
export const q8_0: BlockFormat = blockFormat(32, 34, (stored, at, out, to) => {
  const d = stored.getFloat16(at, true);
  for (let i = 0; i < 32; i++) out[to + i] = d * stored.getInt8(at + 2 + i);
});
