/**
 * Training: the step over packed rows, the optimiser, schedules and checkpoints.
 *
 * A {@linkcode Learner} adds up gradients row by row, {@linkcode AdamW} turns them into updates, and
 * {@linkcode trainStep} is both for one batch. {@linkcode Training} holds all that a run over a
 * stream of batches needs; its stage is {@linkcode optimise}. {@linkcode planStep} says beforehand
 * what a step will take.
 *
 * @example Two steps on one document
 * ```ts
 * import { packBatch } from "@longpo/longpo/data";
 * import { parseConfig, randomParameters, type SequencedDocument } from "@longpo/longpo/model";
 * import { longpo } from "@longpo/longpo/objective";
 * import { AdamW, Learner, trainStep } from "@longpo/longpo/train";
 * import { assert } from "@std/assert";
 *
 * const config = parseConfig({
 *   model_type: "llama",
 *   vocab_size: 16,
 *   hidden_size: 8,
 *   intermediate_size: 16,
 *   num_hidden_layers: 1,
 *   num_attention_heads: 2,
 * });
 * const parameters = randomParameters(config, 1);
 *
 * // The text 1 2 3 4; the answer that is chosen is 5, the rejected one is 6.
 * const turnOf = [-1, -1, -1, -1, 0];
 * const document: SequencedDocument = {
 *   id: "made up",
 *   sequences: [
 *     { side: "chosen", ids: [1, 2, 3, 4, 5], turnOf, inNll: turnOf.map(() => true) },
 *     { side: "rejected", ids: [1, 2, 3, 4, 6], turnOf, inNll: turnOf.map(() => false) },
 *   ],
 *   referenceChosen: [-2.8],
 *   referenceRejected: [-2.7],
 * };
 * const batch = packBatch([document], 64);
 *
 * await using learner = await Learner.open(config, parameters, { objective: longpo });
 * await using optimizer = await AdamW.open(learner.artifacts, parameters);
 * const first = await trainStep(learner, optimizer, batch, 0.01);
 * const second = await trainStep(learner, optimizer, batch, 0.01);
 * assert(second.loss < first.loss);
 * ```
 *
 * @module
 */

export * from "./adamw.ts";
export * from "./checkpoint.ts";
export type { GradientTaker } from "./hand_over.ts";
export * from "./kept/stores.ts";
export type { KeptLayers, KeptOptions, OpenKept } from "./kept/kept_layers.ts";
export * from "./learner.ts";
export * from "./load_artifacts.ts";
export * from "./moments/moment_store.ts";
export * from "./moments/stores.ts";
export * from "./optimise.ts";
export * from "./plan.ts";
export * from "./plan/calibrate.ts";
export * from "./plan/device_load.ts";
export * from "./plan/fit.ts";
export * from "./plan/learning_size.ts";
export * from "./plan/memory.ts";
export * from "./plan/plan_check.ts";
export * from "./plan/rates.ts";
export * from "./plan/row_size.ts";
export * from "./plan/work.ts";
export type { Workspaces } from "./plan/workspaces.ts";
export type { RowBuffers } from "./row_buffers.ts";
export type { RowResult } from "./row_result.ts";
export * from "./schedule.ts";
export { type SegmentChoice, trainingSegments } from "./segments.ts";
export * from "./train_step.ts";
export * from "./training.ts";
