/**
 * LoRA (Hu et al. 2021): adapters of a model's linear layers, under PEFT's names.
 *
 * @module
 */

import { Random, UserError } from "../flow/mod.ts";
import { adapterInputs, lowRank, type Segment } from "../onnx/mod.ts";
import { graphsOf } from "./architectures/table.ts";
import type { ModelConfig } from "./config.ts";
import { fingerprint } from "./fingerprint.ts";
import { type LayerKind, layerKind } from "./layer_kind.ts";
import type { Model } from "./model.ts";
import {
  elementCount,
  expectedParameters,
  type Parameters,
  type ParameterShapes,
} from "./parameters.ts";
import { floatsOfWeight, heldAs, isHalf, type Weight } from "./weights.ts";

/** Which linear layers get adapters, and what these are like. */
export interface LoraConfig {
  /** The inner length of an adapter: PEFT's `r`. */
  readonly rank: number;
  /** What an adapter adds is multiplied with `alpha / rank`. */
  readonly alpha: number;
  /** Linear layers by the last part of their name. @default {all in the decoder layers} */
  readonly targets?: readonly string[];
}

/** Adapters of a model: the numbers that fix them, and their weights. */
export interface Adapter {
  /** Which layers they belong to. */
  readonly lora: LoraConfig;
  /** `model.layers.0.self_attn.q_proj.lora_A.weight` `[rank, in]`, its `lora_B` `[out, rank]`, ... */
  readonly parameters: Parameters;
}

/** Adapters in a line: `r=16,alpha=32,targets=q_proj+v_proj`. */
export function describeLora({ rank, alpha, targets }: LoraConfig): string {
  return `r=${rank},alpha=${alpha}${targets ? `,targets=${targets.join("+")}` : ""}`;
}

/** Names of the matrices of one decoder layer: by graph input, as in checkpoints. */
function layerMatrices(config: ModelConfig, layer: number): [input: string, name: string][] {
  const shapes = expectedParameters(config);
  return Object.entries(graphsOf(config).parameterNames.layer(config, layer))
    .filter(([, name]) => shapes.get(name)?.length === 2);
}

/** `self_attn.q_proj.weight` is called `q_proj`. */
function targetName(weight: string): string {
  return weight.split(".").at(-2)!;
}

/** The linear layers of a model that can have adapters, such as `q_proj`. */
export function loraTargets(config: ModelConfig): string[] {
  return [...new Set(layerMatrices(config, 0).map(([, name]) => targetName(name)))];
}

/**
 * Refuses adapters that a model cannot have.
 *
 * @throws {UserError} If a target is no linear layer of the model; the message names those that are.
 */
export function checkLora(config: ModelConfig, { targets = [] }: LoraConfig): void {
  const known = loraTargets(config);
  const foreign = targets.find((target) => !known.includes(target));
  if (foreign === undefined) return;
  throw new UserError(`Cannot adapt ${foreign}: the model has no such linear layer`, {
    hint: `Its linear layers are ${known.join(", ")}`,
  });
}

/** The matrices of one layer that are adapted. */
function adapted(config: ModelConfig, lora: LoraConfig, layer: number): [string, string][] {
  checkLora(config, lora);
  return layerMatrices(config, layer)
    .filter(([, name]) => lora.targets?.includes(targetName(name)) ?? true);
}

/** Adapter inputs of a layer's graph, as they are called in {@linkcode Adapter.parameters}. */
export function adapterNames(
  config: ModelConfig,
  lora: LoraConfig,
  layer: number,
): Record<string, string> {
  const entries = adapted(config, lora, layer).flatMap(([input, name]) => {
    const [inputs, names] = [adapterInputs(input), adapterInputs(name)];
    return [[inputs.a, names.a], [inputs.b, names.b]];
  });
  return Object.fromEntries(entries);
}

/**
 * A decoder layer with adapters, which alone learn.
 *
 * @param kind The first layer's where it is left out.
 */
export function adaptedLayer(
  config: ModelConfig,
  lora: LoraConfig,
  kind: LayerKind = layerKind(config, 0),
): Segment {
  const weights = adapted(config, lora, 0).map(([input]) => input);
  const { rank, alpha } = lora;
  return lowRank(graphsOf(config).layer(config, kind), { rank, scale: alpha / rank, weights });
}

/** Names and shapes of adapters, in the order of computation. */
export function adapterShapes(config: ModelConfig, lora: LoraConfig): ParameterShapes {
  const weights = expectedParameters(config);
  const shapes: ParameterShapes = new Map();
  for (let layer = 0; layer < config.layerCount; layer++) {
    for (const [, name] of adapted(config, lora, layer)) {
      const [out, width] = weights.get(name)!;
      shapes.set(adapterInputs(name).a, [lora.rank, width]);
      shapes.set(adapterInputs(name).b, [out, lora.rank]);
    }
  }
  return shapes;
}

/**
 * Adapters that change nothing yet, as PEFT begins: `A` evenly distributed within `1 / sqrt(in)`
 * (Kaiming's initialisation with `a = sqrt(5)`), `B` zeros.
 *
 * Every adapter's numbers depend on the seed and its own name only.
 *
 * @throws {UserError} As {@linkcode checkLora}.
 *
 * @example How much less there is to learn
 * ```ts
 * import { parameterCount, parseConfig, randomAdapter } from "@longpo/longpo/model";
 *
 * const config = parseConfig({
 *   model_type: "llama",
 *   vocab_size: 16,
 *   hidden_size: 32,
 *   intermediate_size: 64,
 *   num_hidden_layers: 1,
 *   num_attention_heads: 2,
 * });
 * const { parameters } = randomAdapter(config, { rank: 2, alpha: 4, targets: ["q_proj"] }, 1);
 * const learnt = [...parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
 * console.log(learnt, "of", parameterCount(config)); // 128 of 11360
 * ```
 */
export function randomAdapter(config: ModelConfig, lora: LoraConfig, seed: number): Adapter {
  const random = new Random(seed);
  const parameters: Parameters = new Map();
  for (const [name, shape] of adapterShapes(config, lora)) {
    const data = new Float32Array(elementCount(shape));
    if (name.endsWith(".lora_A.weight")) {
      const own = random.fork(name);
      const bound = 1 / Math.sqrt(shape[1]);
      for (let i = 0; i < data.length; i++) data[i] = (2 * own.next() - 1) * bound;
    }
    parameters.set(name, { name, shape, data });
  }
  return { lora, parameters };
}

/** `W + scale B A`, row by row in float64; held as `W` is. */
function merged<W extends Weight>(
  weight: W,
  a: Float32Array,
  b: Float32Array,
  scale: number,
): W {
  const { name, shape, dtype = "float32" } = weight;
  const [out, width] = shape;
  const rank = a.length / width;
  const data = isHalf(weight) ? floatsOfWeight(weight) : weight.data.slice();
  const row = new Float64Array(width);
  for (let o = 0; o < out; o++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[o * rank + r];
      for (let i = 0; i < width; i++) row[i] += factor * a[r * width + i];
    }
    for (let i = 0; i < width; i++) data[o * width + i] += row[i];
  }
  return heldAs({ name, shape, data }, dtype) as W;
}

/**
 * Weights that compute what a model with adapters does; what has none is shared with the model's.
 * Weights in 16 bits are rounded to nearest again.
 *
 * @throws {UserError} If there is an adapter of a weight that the model has not, or if a sum is too
 * large for how the weight is held.
 */
export function mergeAdapter<W extends Weight>(
  parameters: ReadonlyMap<string, W>,
  { lora, parameters: ab }: Adapter,
): Map<string, W> {
  const result = new Map(parameters);
  let used = 0;
  for (const [name, weight] of parameters) {
    const names = adapterInputs(name);
    const [a, b] = [ab.get(names.a), ab.get(names.b)];
    if (!a || !b) continue;
    result.set(name, merged(weight, a.data, b.data, lora.alpha / lora.rank));
    used += 2;
  }
  if (used === ab.size) return result;
  throw new UserError(`The adapter has ${ab.size} matrices, and ${used} of them fit the model`, {
    hint: "Was it trained from this model?",
  });
}

/**
 * A model with an adapter merged into its weights.
 *
 * @throws {UserError} As {@linkcode mergeAdapter}.
 */
export function withAdapter(model: Model, adapter: Adapter): Model {
  const parameters = mergeAdapter(model.parameters, adapter);
  return { ...model, parameters, fingerprint: fingerprint(model.config, parameters) };
}
