/**
 * `--activations`: where a row's values are between forward and backward.
 *
 * @module
 */

import { type ActivationsName, activationsNames, type LearnerOptions } from "../train/mod.ts";
import { choice, type Flag } from "./flag.ts";

/** `--activations` */
export const activationsFlag: Flag<ActivationsName | undefined> = choice({
  summary:
    "Where layers' values are between forward and backward: in memory, a file, or one half as long",
  choices: activationsNames,
});

/** What the flag is to the learner of a run. */
export function activationsOptions(
  { activations }: { activations: ActivationsName },
  folder: string,
): Pick<LearnerOptions, "activations" | "activationsFile"> {
  return { activations, activationsFile: `${folder}/activations.bin` };
}
