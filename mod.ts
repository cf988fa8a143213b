/**
 * Long-context alignment as a stream: documents flow in, a model teaches itself to use all of
 * them (LongPO, ICLR 2025), and a model in Hugging Face format flows out.
 *
 * Each room is a namespace here and an entry point of its own, `@longpo/longpo/flow` and so on,
 * which loads nothing but itself and what it stands on.
 *
 * @example Two ways to the same room
 * ```ts
 * import { flow } from "@longpo/longpo";
 * import { UserError } from "@longpo/longpo/flow";
 * import { assertStrictEquals } from "@std/assert";
 *
 * assertStrictEquals(flow.UserError, UserError);
 * ```
 *
 * @module
 */

/** Stages, composition, operators and the runner: knows nothing of text or models. */
export * as flow from "./lib/flow/mod.ts";
/** Graphs: builder, reverse-mode rules, segments and training artifacts. */
export * as onnx from "./lib/onnx/mod.ts";
/** Sessions, devices and tensors of ONNX Runtime. */
export * as runtime from "./lib/runtime/mod.ts";
/** Config, weights, tokenizer, chat template, and the architectures as graphs. */
export * as model from "./lib/model/mod.ts";
/** Turns a model, local or behind HTTP, into a sampler. */
export * as generate from "./lib/generate/mod.ts";
/** The records and the stages that make them, from documents to batches. */
export * as data from "./lib/data/mod.ts";
/** Losses over pairs: LongPO and its relatives. */
export * as objective from "./lib/objective/mod.ts";
/** The step, the optimiser, schedules, checkpoints and the optimise stage. */
export * as train from "./lib/train/mod.ts";
/** Tasks, scores, tables and plots. */
export * as evaluate from "./lib/evaluate/mod.ts";
