/**
 * Weights of a model that has learnt nothing yet.
 *
 * @module
 */

import { Random } from "../flow/mod.ts";
import { architectureOf } from "./architectures/table.ts";
import type { ModelConfig } from "./config.ts";
import { elementCount, expectedParameters, type Parameters } from "./parameters.ts";

/** Llama's standard deviation where config.json names none. */
const INITIALIZER_RANGE = 0.02;

/**
 * Random weights: matrices from a normal distribution with the config's `initializer_range` as
 * standard deviation, biases zeros, norms as the architecture begins (ones, mostly).
 *
 * Every weight's numbers depend on the seed and its own name only.
 *
 * @example A tiny model
 * ```ts
 * import { parseConfig, randomParameters } from "@longpo/longpo/model";
 *
 * const config = parseConfig({
 *   model_type: "llama",
 *   vocab_size: 16,
 *   hidden_size: 8,
 *   intermediate_size: 16,
 *   num_hidden_layers: 1,
 *   num_attention_heads: 2,
 * });
 * console.log(randomParameters(config, 1).get("model.norm.weight")?.shape); // [ 8 ]
 * ```
 */
export function randomParameters(config: ModelConfig, seed: number): Parameters {
  const range = config.raw.initializer_range;
  const deviation = typeof range === "number" ? range : INITIALIZER_RANGE;
  const { initialNorm = 1 } = architectureOf(config);
  const random = new Random(seed);
  const parameters: Parameters = new Map();
  for (const [name, shape] of expectedParameters(config)) {
    const data = new Float32Array(elementCount(shape));
    const own = random.fork(name);
    if (shape.length === 1) data.fill(name.endsWith(".bias") ? 0 : initialNorm);
    else for (let i = 0; i < data.length; i++) data[i] = own.normal() * deviation;
    parameters.set(name, { name, shape, data });
  }
  return parameters;
}
