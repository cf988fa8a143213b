/**
 * Reads the config.json of Llama and of models that compute the same.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import type { ArchitectureConfig } from "./config.ts";
import { ConfigReader, isJsonObject } from "./config_reader.ts";

/** Llama's default where a config is silent. */
const ROPE_THETA = 10_000;

/** `rope_theta` beside the sizes (until Transformers 4) or in `rope_parameters` (since 5). */
function readRopeTheta(config: ConfigReader): number {
  for (const key of ["rope_scaling", "rope_parameters"]) {
    const rope = config.raw[key];
    if (rope === undefined || rope === null) continue;
    const plain = isJsonObject(rope) && (rope.rope_type ?? rope.type ?? "default") === "default";
    if (!plain) throw config.unsupported(key, "Only the plain rotary embedding is supported");
  }
  const parameters = config.raw.rope_parameters;
  if (!isJsonObject(parameters)) return config.positive("rope_theta", ROPE_THETA);
  const theta = new ConfigReader(parameters, `${config.path}, "rope_parameters"`);
  return theta.positive("rope_theta", config.positive("rope_theta", ROPE_THETA));
}

function mustDivide(config: ConfigReader, part: string, whole: string, by: number, of: number) {
  if (of % by === 0) return;
  throw new UserError(
    `${config.path}: "${whole}" (${of}) is not a multiple of "${part}" (${by})`,
  );
}

/**
 * Llama 1 to 3 with plain rotary embedding, SmolLM2, TinyLlama and the like.
 *
 * @throws {UserError} If the config asks for biases, another activation, a scaled rotary embedding
 * or quantised weights.
 */
export function readLlamaConfig(config: ConfigReader): ArchitectureConfig {
  config.expect("hidden_act", "silu");
  config.expect("attention_bias", false);
  config.expect("mlp_bias", false);
  config.expect("quantization_config");
  const hiddenSize = config.size("hidden_size");
  const headCount = config.size("num_attention_heads");
  const keyValueHeadCount = config.size("num_key_value_heads", headCount);
  mustDivide(config, "num_key_value_heads", "num_attention_heads", keyValueHeadCount, headCount);
  if (!config.raw.head_dim) {
    mustDivide(config, "num_attention_heads", "hidden_size", headCount, hiddenSize);
  }
  const headSize = config.size("head_dim", hiddenSize / headCount);
  if (headSize % 2 === 1) {
    throw new UserError(
      `${config.path}: heads are ${headSize} wide; rotary embedding needs an even width`,
    );
  }
  return {
    architecture: "llama",
    vocabSize: config.size("vocab_size"),
    hiddenSize,
    intermediateSize: config.size("intermediate_size"),
    layerCount: config.size("num_hidden_layers"),
    headCount,
    keyValueHeadCount,
    headSize,
    ropeTheta: readRopeTheta(config),
    maxPositions: config.size("max_position_embeddings", 2048),
    normEpsilon: config.positive("rms_norm_eps", 1e-6),
    tieEmbeddings: config.flag("tie_word_embeddings", false),
  };
}

/**
 * Mistral where it computes as Llama does: without its sliding window.
 *
 * @throws {UserError} As {@linkcode readLlamaConfig}, and if a sliding window is set.
 */
export function readMistralConfig(config: ConfigReader): ArchitectureConfig {
  config.expect("sliding_window");
  return readLlamaConfig(config);
}
