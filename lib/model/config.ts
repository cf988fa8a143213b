/**
 * What a model is: the numbers of its `config.json`, checked.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { readLlamaConfig, readMistralConfig } from "./config_llama.ts";
import { ConfigReader, type JsonObject } from "./config_reader.ts";

/** The architectures that exist as graphs here. */
export type Architecture = "llama";

/** The numbers that fix a model's graphs and weights. */
export interface ModelConfig {
  /** Which graphs compute it. */
  readonly architecture: Architecture;
  /** Rows of the embedding and of the head; every token id is below it. */
  readonly vocabSize: number;
  /** Width of the residual stream. */
  readonly hiddenSize: number;
  /** Width inside the feed-forward block. */
  readonly intermediateSize: number;
  /** Decoder layers. */
  readonly layerCount: number;
  /** Query heads. */
  readonly headCount: number;
  /** Key and value heads; each serves `headCount / keyValueHeadCount` query heads. */
  readonly keyValueHeadCount: number;
  /** Width of one head; even, since rotary embedding turns it in pairs. */
  readonly headSize: number;
  /** Base of the rotary embedding's wavelengths. */
  readonly ropeTheta: number;
  /** Context length the model was trained for, in tokens. */
  readonly maxPositions: number;
  /** Added to the mean square under the root of RMSNorm. */
  readonly normEpsilon: number;
  /** Whether embedding and head are one matrix. */
  readonly tieEmbeddings: boolean;
  /** The token a text begins with, where the config names one. */
  readonly bosTokenId?: number;
  /** The tokens that end an answer, of `config.json` and `generation_config.json` together. */
  readonly eosTokenIds: readonly number[];
  /** `config.json` as it was read. */
  readonly raw: Readonly<JsonObject>;
}

/** What an architecture's reader gives; the rest is read alike for all. */
export type ArchitectureConfig = Omit<ModelConfig, "bosTokenId" | "eosTokenIds" | "raw">;

/** `model_type` of config.json, and who reads it. */
const readers: Readonly<Record<string, (config: ConfigReader) => ArchitectureConfig>> = {
  llama: readLlamaConfig,
  mistral: readMistralConfig,
};

/** `architectures[0]` of config.json, for configs without a `model_type`. */
const modelTypes: Readonly<Record<string, string>> = {
  LlamaForCausalLM: "llama",
  MistralForCausalLM: "mistral",
};

function readerFor(config: ConfigReader): (config: ConfigReader) => ArchitectureConfig {
  const modelType = config.raw.model_type;
  const architecture = (config.raw.architectures as unknown[] | undefined)?.[0];
  const known = Object.keys(readers).join(", ");
  if (modelType === undefined && architecture === undefined) {
    throw new UserError(`${config.path} has neither "model_type" nor "architectures"`, {
      hint: "Is this the config.json of a Hugging Face language model?",
    });
  }
  const key = modelType !== undefined ? "model_type" : "architectures";
  const value = modelType ?? modelTypes[String(architecture)];
  if (!Object.hasOwn(readers, String(value))) {
    throw config.unsupported(key, `The model types here are: ${known}`);
  }
  return readers[String(value)];
}

/** `eos_token_id` is a number, a list or null. */
function tokenIds(value: unknown): number[] {
  return [value].flat().filter((id): id is number => Number.isSafeInteger(id));
}

/**
 * Reads a config from the parsed `config.json` of a Hugging Face folder.
 *
 * @param raw The parsed `config.json`.
 * @param generation The parsed `generation_config.json`, which may name further end tokens.
 * @param path Names the file in errors.
 * @throws {UserError} If a key is missing, wrong, or asks for what no graph here computes; the
 * message names key and value.
 *
 * @example A config of one's own
 * ```ts
 * import { parseConfig } from "@longpo/longpo/model";
 *
 * const config = parseConfig({
 *   model_type: "llama",
 *   vocab_size: 256,
 *   hidden_size: 32,
 *   intermediate_size: 64,
 *   num_hidden_layers: 2,
 *   num_attention_heads: 4,
 *   max_position_embeddings: 128,
 * });
 * console.log(config.headSize); // 8
 * ```
 */
export function parseConfig(
  raw: Readonly<JsonObject>,
  generation: Readonly<JsonObject> = {},
  path = "config.json",
): ModelConfig {
  const reader = new ConfigReader(raw, path);
  const bosTokenId = tokenIds(raw.bos_token_id)[0];
  return {
    ...readerFor(reader)(reader),
    ...(bosTokenId === undefined ? {} : { bosTokenId }),
    eosTokenIds: [
      ...new Set([...tokenIds(raw.eos_token_id), ...tokenIds(generation.eos_token_id)]),
    ],
    raw,
  };
}

/**
 * The same model with another base of its rotary embedding: the usual first step towards a longer
 * context.
 *
 * @throws {UserError} If `theta` is not a positive number.
 */
export function withRopeTheta(config: ModelConfig, theta: number): ModelConfig {
  if (!(theta > 0 && Number.isFinite(theta))) {
    throw new UserError(`The base of the rotary embedding must be a positive number, not ${theta}`);
  }
  return { ...config, ropeTheta: theta };
}
