/**
 * The ways to keep what a row's forward has for its backward, by name.
 *
 * @module
 */

import { keptInMemory } from "./in_memory.ts";
import type { OpenKept } from "./kept_layers.ts";
import { keptOnDisk, keptOnDisk16 } from "./on_disk.ts";

/**
 * What makes a store ready: `memory` has a row's activations there, `disk` in a file, which takes time
 * instead of memory and computes the same, and `disk16` in a file of half that size, rounded to 11
 * bits.
 */
export const keptStores = {
  memory: keptInMemory,
  disk: keptOnDisk,
  disk16: keptOnDisk16,
} as const satisfies Record<string, OpenKept>;

/** The name of a way to keep activations. */
export type ActivationsName = keyof typeof keptStores;

/** All of them. */
export const activationsNames: readonly ActivationsName[] = Object.keys(
  keptStores,
) as ActivationsName[];
