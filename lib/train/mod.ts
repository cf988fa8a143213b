/**
 * Training: the step over packed rows, the optimiser, schedules and checkpoints.
 *
 * @module
 */

export * from "./adamw.ts";
export * from "./checkpoint.ts";
export * from "./learner.ts";
export * from "./optimise.ts";
export * from "./schedule.ts";
export * from "./train_step.ts";
export * from "./training.ts";
