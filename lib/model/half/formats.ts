/**
 * The formats of 16 bits in which weights can be held, by the names that PyTorch has for them.
 *
 * @module
 */

import { bfloat16 } from "./bfloat16.ts";
import { float16 } from "./float16.ts";
import type { HalfFormat } from "./half_format.ts";

/** `bfloat16` reaches as far as float32 with 8 bits of precision; `float16` to 65,504 with 11. */
export const halfFormats = { bfloat16, float16 } as const satisfies Record<string, HalfFormat>;

/** The name of a format of 16 bits. */
export type HalfDtype = keyof typeof halfFormats;

/** The name of a format in which weights can be held. */
export type HeldDtype = "float32" | HalfDtype;

/** All of them. */
export const heldDtypes: readonly HeldDtype[] = [
  "float32",
  ...Object.keys(halfFormats) as HalfDtype[],
];
