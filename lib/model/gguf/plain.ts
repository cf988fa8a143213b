/**
 * Weights that stand for themselves.
 *
 * @module
 */

import { decode, type Dtype, elementSize } from "../safetensors_dtype.ts";
import type { BlockFormat } from "./block_format.ts";

function plain(dtype: Dtype): BlockFormat {
  return {
    weights: 1,
    bytes: elementSize(dtype)!,
    // The copy owns its buffer from the first byte to the last.
    decode: (stored, out) => out.set(decode(dtype, stored.slice()) as Float32Array),
  };
}

/** Single precision. */
export const f32: BlockFormat = plain("F32");

/** Half precision. */
export const f16: BlockFormat = plain("F16");

/** The upper half of single precision. */
export const bf16: BlockFormat = plain("BF16");
