/**
 * Losses over pairs of answers, as graphs.
 *
 * An objective is one file and one line in the table {@linkcode objectives}:
 *
 * | Name     | Loss                        | The reference reads | Tokens in the NLL term |
 * | -------- | --------------------------- | ------------------- | ---------------------- |
 * | `longpo` | `lambda * preference + nll` | the short context   | all                    |
 * | `dpo`    | `preference`                | the long context    | none                   |
 * | `sft`    | `nll`                       | nothing             | of answers             |
 *
 * @example A policy that has not moved from its reference has the preference loss ln 2
 * ```ts
 * import { objectiveNamed } from "@longpo/longpo/objective";
 * import { Graph, modelBytes } from "@longpo/longpo/onnx";
 * import { floatsOf, Session } from "@longpo/longpo/runtime";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const g = new Graph("loss");
 * const turns = (...values: number[]) => g.constant(Float32Array.from(values), [values.length]);
 * const { loss } = objectiveNamed("dpo").build(g, {
 *   chosen: turns(-3, -5),
 *   rejected: turns(-4, -2),
 *   referenceChosen: turns(-3, -5),
 *   referenceRejected: turns(-4, -2),
 *   turnsOfDocument: g.constant(Float32Array.of(1, 1), [1, 2]),
 *   nll: g.scalar(0),
 *   beta: g.scalar(0.1),
 *   lambda: g.scalar(0.01),
 * }, "sum");
 * g.output("loss", loss);
 *
 * await using session = await Session.open(modelBytes(g));
 * assertAlmostEquals(floatsOf((await session.run({})).loss)[0], Math.LN2, 1e-6);
 * ```
 *
 * @module
 */

export * from "./aggregation.ts";
export * from "./dpo.ts";
export * from "./head.ts";
export * from "./inputs.ts";
export * from "./longpo.ts";
export * from "./metrics.ts";
export * from "./objective.ts";
export * from "./sft.ts";
export * from "./table.ts";
