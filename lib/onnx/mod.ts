/**
 * ONNX graphs built, differentiated and written in TypeScript.
 *
 * A {@linkcode Graph} grows by operators' functions; {@linkcode differentiate} appends the nodes of
 * its gradients, which are plain ONNX operators too, so that a stock ONNX Runtime computes them on
 * every device; {@linkcode modelBytes} gives the file. Of a chain of segments
 * {@linkcode buildArtifacts} makes the graphs that training needs.
 *
 * @example The gradient of a sum of squares
 * ```ts
 * import { differentiate, Graph, modelBytes, mul, reduceSum } from "@longpo/longpo/onnx";
 * import { floats, floatsOf, Session } from "@longpo/longpo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const g = new Graph("sum_of_squares");
 * const x = g.input("x", "float32", ["length"]);
 * const sum = reduceSum(g, mul(g, x, x), [0], false);
 * const gradients = differentiate(g, new Map([[sum, g.scalar(1)]]), [x]);
 * g.output("sum", sum);
 * g.output("x_grad", gradients.get(x)!);
 *
 * await using session = await Session.open(modelBytes(g));
 * const outputs = await session.run({ x: floats(Float32Array.of(1, 2, 3), [3]) });
 * assertEquals([...floatsOf(outputs.sum)], [14]);
 * assertEquals([...floatsOf(outputs.x_grad)], [2, 4, 6]);
 * ```
 *
 * @module
 */

export * from "./artifacts.ts";
export * from "./chain.ts";
export * from "./chunked.ts";
export * from "./composites/attention.ts";
export { FEW_KEYS, headsAtOnce } from "./composites/attention_heads.ts";
export * from "./composites/branch.ts";
export * from "./composites/in_chunks.ts";
export * from "./composites/log_probs.ts";
export * from "./composites/loop.ts";
export * from "./composites/placed_rows.ts";
export * from "./composites/swiglu.ts";
export * from "./dense_attention.ts";
export * from "./differentiate.ts";
export * from "./dims.ts";
export * from "./graph.ts";
export * from "./inline.ts";
export * from "./low_rank.ts";
export * from "./operators/compare.ts";
export * from "./operators/elementwise.ts";
export * from "./operators/gather.ts";
export * from "./operators/layout.ts";
export * from "./operators/matmul.ts";
export * from "./operators/normalise.ts";
export * from "./operators/reduce.ts";
export * from "./operators/rotary.ts";
export * from "./operators/rule.ts";
export * from "./operators/rules.ts";
export * from "./operators/softmax.ts";
export * from "./optimizer.ts";
export * from "./rewrite.ts";
export * from "./segment.ts";
export * from "./serialise.ts";
export * from "./token_wise.ts";
export * from "./twins.ts";
export * from "./visibility.ts";
