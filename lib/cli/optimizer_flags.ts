/**
 * Flags of the optimiser that every command means the same by.
 *
 * @module
 */

import { type AdamWOptions, type MomentsName, momentsNames } from "../train/mod.ts";
import { choice, type Flag, number } from "./flag.ts";

/** `--moments` */
export const momentsFlag: Flag<MomentsName | undefined> = choice({
  summary: "How the optimiser's moments are kept: in memory, there at a byte each, or in a file",
  choices: momentsNames,
});

/** `--max-grad-norm` */
export const maxGradNormFlag: Flag<number | undefined> = number({
  summary: "Largest norm of a step's gradients; 0 clips nothing, which takes less memory",
  min: 0,
});

/** What the flags are to the optimiser of a run. */
export function optimizerOptions(
  { moments, maxGradNorm }: { moments: MomentsName; maxGradNorm: number },
  folder: string,
): Pick<AdamWOptions, "moments" | "momentsFile" | "maxGradientNorm"> {
  return {
    moments,
    momentsFile: `${folder}/moments.bin`,
    // A norm of 0 would be of no use: nothing would be learnt.
    maxGradientNorm: maxGradNorm === 0 ? Infinity : maxGradNorm,
  };
}
