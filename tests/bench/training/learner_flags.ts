/**
 * How the step is computed, as flags: what a person can choose beside the layout.
 *
 * @module
 */

import { choice, number, type Values } from "../../../lib/cli/mod.ts";
import type { LearnerOptions } from "../../../lib/train/mod.ts";

/** The flags that are handed on to the learner. */
export const learnerFlags = {
  threads: number({ summary: "Threads of one operator", integer: true, min: 1, default: 2 }),
  segment: choice({
    summary: "What is computed at once",
    choices: ["layer", "model"],
    default: "layer",
  }),
};

/** What {@linkcode learnerFlags} hold. */
export type LearnerChoices = Values<typeof learnerFlags>;

/** The choices for the learner among other flags. */
export function learnerChoices(flags: LearnerChoices): LearnerChoices {
  const names = Object.keys(learnerFlags) as (keyof LearnerChoices)[];
  return Object.fromEntries(names.map((name) => [name, flags[name]])) as LearnerChoices;
}

/** The learner's options that they stand for. */
export function learnerOptions(
  { threads, segment }: LearnerChoices,
): Omit<LearnerOptions, "objective"> {
  return { threads, segment };
}
