/**
 * The ways to keep moments, by name.
 *
 * @module
 */

import { diskMoments } from "./disk_moments.ts";
import { float32Moments } from "./float32_moments.ts";
import type { OpenMoments } from "./moment_store.ts";
import { quantisedMoments } from "./quantised_moments.ts";

/**
 * What makes moments ready: `float32` has them in memory, 8 bytes a number that learns; `8bit` in
 * 2 bytes, rounded; `disk` in a file, which takes time instead of memory and computes what
 * `float32` does.
 */
export const momentStores = {
  "float32": float32Moments,
  "8bit": quantisedMoments,
  "disk": diskMoments,
} as const satisfies Record<string, OpenMoments>;

/** The name of a way to keep moments. */
export type MomentsName = keyof typeof momentStores;

/** All of them. */
export const momentsNames: readonly MomentsName[] = Object.keys(momentStores) as MomentsName[];
