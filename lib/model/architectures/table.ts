/**
 * The table of architectures: a new one is a file beside this and a line here.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import type { Architecture, ArchitectureGraphs } from "../architecture.ts";
import type { ModelConfig } from "../model_config.ts";
import { gemma3 } from "./gemma3.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { phi3 } from "./phi3.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";
import { smollm3 } from "./smollm3.ts";

const architectures = new Map<string, Architecture>();

/**
 * Adds an architecture of one's own: models with its `model_type` are read, trained and written like
 * those of the architectures that are here.
 *
 * @throws {UserError} If there is one for its `model_type` already.
 *
 * @example A Llama that normalises what attention gives
 * ```ts
 * import {
 *   decoder,
 *   gatedMlp,
 *   parameterCount,
 *   parseConfig,
 *   preNormLayer,
 *   readDecoderConfig,
 *   registerArchitecture,
 *   rmsNorm,
 *   selfAttention,
 * } from "@longpo/longpo/model";
 *
 * registerArchitecture({
 *   modelType: "calm_llama",
 *   className: "CalmLlamaForCausalLM",
 *   readConfig: readDecoderConfig,
 *   graphs: decoder({
 *     layer: preNormLayer(
 *       (scope, x) => rmsNorm(scope, "self_attn.norm", selfAttention(scope, x)),
 *       gatedMlp,
 *     ),
 *   }),
 * });
 * const config = parseConfig({
 *   model_type: "calm_llama",
 *   vocab_size: 16,
 *   hidden_size: 8,
 *   intermediate_size: 16,
 *   num_hidden_layers: 1,
 *   num_attention_heads: 2,
 * });
 * console.log(parameterCount(config)); // 928
 * ```
 */
export function registerArchitecture(architecture: Architecture): void {
  const { modelType } = architecture;
  if (architectures.has(modelType)) {
    throw new UserError(`There is an architecture for the model type "${modelType}" already`);
  }
  architectures.set(modelType, architecture);
}

const builtIn = [
  gemma3,
  llama,
  mistral,
  phi3,
  qwen2,
  qwen3,
  smollm3,
];
for (const architecture of builtIn) registerArchitecture(architecture);

/** All architectures, in the order in which they were registered. */
export function knownArchitectures(): Architecture[] {
  return [...architectures.values()];
}

/** The architecture of a model. */
export function architectureOf({ architecture }: ModelConfig): Architecture {
  const found = architectures.get(architecture);
  if (found) return found;
  throw new UserError(`There is no architecture for the model type "${architecture}"`);
}

/** The graphs of a model's architecture. */
export function graphsOf(config: ModelConfig): ArchitectureGraphs {
  return architectureOf(config).graphs;
}
