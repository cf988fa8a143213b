/**
 * ONNX graphs built, differentiated and written in TypeScript.
 *
 * @module
 */

export * from "./artifacts.ts";
export * from "./composites/attention.ts";
export * from "./composites/log_probs.ts";
export * from "./composites/loop.ts";
export * from "./dense_attention.ts";
export * from "./differentiate.ts";
export * from "./dims.ts";
export * from "./graph.ts";
export * from "./operators/compare.ts";
export * from "./operators/elementwise.ts";
export * from "./operators/gather.ts";
export * from "./operators/layout.ts";
export * from "./operators/matmul.ts";
export * from "./operators/reduce.ts";
export * from "./operators/rule.ts";
export * from "./operators/rules.ts";
export * from "./operators/softmax.ts";
export * from "./optimizer.ts";
export * from "./rewrite.ts";
export * from "./segment.ts";
export * from "./serialise.ts";
export * from "./visibility.ts";
