/**
 * How GGUF files store weights: in blocks of a few weights that share their scale.
 *
 * @module
 */

import type { Bytes } from "../safetensors_dtype.ts";

/** One of GGUF's ways to store weights. */
export interface BlockFormat {
  /** Weights in a block; 1 where each stands for itself. */
  readonly weights: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /**
   * Turns whole blocks into numbers.
   *
   * @param stored Some blocks, one behind the other.
   * @param out As many numbers as the blocks hold.
   */
  decode(stored: Bytes, out: Float32Array): void;
}

/**
 * Writes one block's weights to `out` from index `to` on.
 *
 * @param at Where in `stored` the block begins.
 */
export type BlockDecoder = (stored: DataView, at: number, out: Float32Array, to: number) => void;

/** A format whose blocks are decoded one by one. */
export function blockFormat(weights: number, bytes: number, block: BlockDecoder): BlockFormat {
  return {
    weights,
    bytes,
    decode(stored, out) {
      const view = new DataView(stored.buffer, stored.byteOffset);
      for (let at = 0, to = 0; at < stored.length; at += bytes, to += weights) {
        block(view, at, out, to);
      }
    },
  };
}
