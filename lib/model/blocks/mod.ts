/**
 * Blocks that architectures are put together from.
 *
 * @module
 */

export * from "./decoder.ts";
export * from "./gated_mlp.ts";
export * from "./gelu_gate.ts";
export * from "./norm.ts";
export * from "./pre_norm_layer.ts";
export * from "./project.ts";
export * from "./scope.ts";
export * from "./self_attention.ts";
