/**
 * A model's weights by their Hugging Face names, and which there must be.
 *
 * @module
 */

import type { Architecture, ModelConfig } from "./config.ts";
import { llamaParameters } from "./parameters_llama.ts";

/** One weight. */
export interface Parameter {
  /** The name in Hugging Face checkpoints. */
  readonly name: string;
  /** `[out, in]` for matrices, `[width]` for norms. */
  readonly shape: readonly number[];
  /** Float32, row by row. */
  readonly data: Float32Array;
}

/** All weights of a model; tied weights are there once, as the embedding. */
export type Parameters = Map<string, Parameter>;

/** Names and shapes of weights, in the order of computation. */
export type ParameterShapes = Map<string, readonly number[]>;

/** The name of the embedding, `[vocab, hidden]`. */
export const EMBEDDING = "model.embed_tokens.weight";

/** The name of the head, `[vocab, hidden]`: absent where it is the embedding. */
export const HEAD = "lm_head.weight";

const shapes: Readonly<Record<Architecture, (config: ModelConfig) => ParameterShapes>> = {
  llama: llamaParameters,
};

/** Names and shapes of the weights that a model of this config has in memory. */
export function expectedParameters(config: ModelConfig): ParameterShapes {
  return shapes[config.architecture](config);
}

/** How many numbers a shape holds. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** How many numbers a model of this config learns; tied weights count once. */
export function parameterCount(config: ModelConfig): number {
  let total = 0;
  for (const shape of expectedParameters(config).values()) total += elementCount(shape);
  return total;
}
