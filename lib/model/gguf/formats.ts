/**
 * The number formats of GGUF files that are read.
 *
 * @module
 */

import type { BlockFormat } from "./block_format.ts";
import { bf16, f16, f32 } from "./plain.ts";
import { q4_0, q4_1 } from "./q4.ts";
import { q4_k, q5_k } from "./q4_k.ts";
import { q5_0, q5_1 } from "./q5.ts";
import { q6_k } from "./q6_k.ts";
import { q8_0 } from "./q8.ts";

/** By the names that GGUF gives them. */
export const formats: Readonly<Record<string, BlockFormat>> = {
  F32: f32,
  F16: f16,
  BF16: bf16,
  Q8_0: q8_0,
  Q4_0: q4_0,
  Q4_1: q4_1,
  Q5_0: q5_0,
  Q5_1: q5_1,
  Q4_K: q4_k,
  Q5_K: q5_k,
  Q6_K: q6_k,
};
