/**
 * How the step is computed, as flags: what a person can choose beside the layout.
 *
 * @module
 */

import { activationsFlag, choice, dtypeFlag, maxGradNormFlag } from "../../../lib/cli/mod.ts";
import { momentsFlag, number, type Values } from "../../../lib/cli/mod.ts";
import type { LearnerOptions } from "../../../lib/train/mod.ts";

/** The flags of the learner and of the optimiser. */
export const stepFlags = {
  threads: number({ summary: "Threads of one operator", integer: true, min: 1, default: 2 }),
  segment: choice({
    summary: "What is computed at once",
    choices: ["layer", "model"],
    default: "layer",
  }),
  dtype: { ...dtypeFlag, default: "float32" as const },
  activations: { ...activationsFlag, default: "memory" as const },
  moments: { ...momentsFlag, default: "float32" as const },
  maxGradNorm: { ...maxGradNormFlag, default: 1 },
};

/** What {@linkcode stepFlags} hold. */
export type StepChoices = Values<typeof stepFlags>;

/** The choices for the step among other flags. */
export function stepChoices(flags: StepChoices): StepChoices {
  const names = Object.keys(stepFlags) as (keyof StepChoices)[];
  return Object.fromEntries(names.map((name) => [name, flags[name]])) as StepChoices;
}

/** The learner's options among them. */
export function learnerOptions(
  { threads, segment, activations }: StepChoices,
): Omit<LearnerOptions, "objective"> {
  return { threads, segment, activations };
}
