/**
 * A model's weights by their Hugging Face names, and which there must be.
 *
 * @module
 */

import { Graph, type Value } from "../onnx/mod.ts";
import { graphsOf } from "./architectures/table.ts";
import { layerKind, ofKinds } from "./layer_kind.ts";
import type { ModelConfig } from "./model_config.ts";

export { EMBEDDING, HEAD } from "./parameter_names.ts";

/** One weight in float32. */
export interface Parameter {
  /** The name in Hugging Face checkpoints. */
  readonly name: string;
  /** `[out, in]` for matrices, `[width]` for norms. */
  readonly shape: readonly number[];
  /** Float32, row by row. */
  readonly data: Float32Array;
  /** Tells a weight in 16 bits from one like this, which has none. */
  readonly dtype?: undefined;
}

/** All weights of a model in float32; tied weights are there once, as the embedding. */
export type Parameters = Map<string, Parameter>;

/** Names and shapes of weights, in the order of computation. */
export type ParameterShapes = Map<string, readonly number[]>;

/**
 * Names and shapes of the weights that a model of this config has in memory: the inputs of its
 * graphs that are weights.
 */
export function expectedParameters(config: ModelConfig): ParameterShapes {
  const { parameterNames: names, ...graphs } = graphsOf(config);
  const shapes: ParameterShapes = new Map();
  const put = (values: readonly Value[], of: Record<string, string>) => {
    for (const { name, shape } of values) shapes.set(of[name], shape as number[]);
  };
  put(graphs.embed(config).build(new Graph("shapes")).parameters, names.embed(config));
  const ofKind = ofKinds(
    config,
    (kind) => graphs.layer(config, kind).build(new Graph("shapes")).parameters,
  );
  for (let layer = 0; layer < config.layerCount; layer++) {
    put(ofKind[layerKind(config, layer).name], names.layer(config, layer));
  }
  put(graphs.head(new Graph("shapes"), config).parameters, names.head(config));
  return shapes;
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
