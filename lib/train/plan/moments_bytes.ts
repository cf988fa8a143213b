/**
 * Memory of the optimiser's moments.
 *
 * @module
 */

import { elementCount, type ParameterShapes } from "../../model/mod.ts";
import { PART_LENGTH } from "../moments/moment_store.ts";
import { BLOCK_LENGTH } from "../moments/quantised_array.ts";
import { LEAST_QUANTISED } from "../moments/quantised_moments.ts";
import type { MomentsName } from "../moments/stores.ts";
import { NUMBER_BYTES } from "./learning_size.ts";

/** Parts of moments in a file that are in memory: one is read, one in use, one written. */
const PARTS_OF_FILE = 3;

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const float32 = (lengths: readonly number[]) => 2 * NUMBER_BYTES * sum(lengths);

/** Bytes of the moments of parameters of these lengths, by how they are kept. */
const BYTES: Record<MomentsName, (lengths: readonly number[]) => number> = {
  "float32": float32,
  "8bit"(lengths) {
    const large = lengths.filter((length) => length >= LEAST_QUANTISED);
    const scales = sum(large.map((length) => Math.ceil(length / BLOCK_LENGTH)));
    const part = Math.min(PART_LENGTH, Math.max(0, ...large));
    return 2 * (sum(large) + NUMBER_BYTES * scales) + float32([part]) +
      float32(lengths.filter((length) => length < LEAST_QUANTISED));
  },
  "disk": () => PARTS_OF_FILE * float32([PART_LENGTH]),
};

/** Bytes in memory of the moments of all that learns. */
export function momentsBytes(learning: ParameterShapes, moments: MomentsName): number {
  return BYTES[moments]([...learning.values()].map(elementCount));
}
