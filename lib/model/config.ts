/**
 * What a model is: the numbers of its `config.json`, checked.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import type { Architecture } from "./architecture.ts";
import { knownArchitectures } from "./architectures/table.ts";
import { ConfigReader, type JsonObject } from "./config_reader.ts";
import type { ModelConfig } from "./model_config.ts";

export type { ArchitectureConfig, ModelConfig } from "./model_config.ts";

/** The architecture that `model_type` names, or `architectures` where there is no `model_type`. */
function architectureOf(config: ConfigReader): Architecture {
  const modelType = config.raw.model_type;
  const className = (config.raw.architectures as unknown[] | undefined)?.[0];
  if (modelType === undefined && className === undefined) {
    throw new UserError(`${config.path} has neither "model_type" nor "architectures"`, {
      hint: "Is this the config.json of a Hugging Face language model?",
    });
  }
  const known = knownArchitectures();
  const found = known.find((architecture) =>
    modelType === undefined
      ? architecture.className === className
      : architecture.modelType === modelType
  );
  if (found) return found;
  const types = known.map(({ modelType }) => modelType).join(", ");
  const key = modelType !== undefined ? "model_type" : "architectures";
  throw config.unsupported(key, `The model types here are: ${types}`);
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
  const architecture = architectureOf(reader);
  const bosTokenId = tokenIds(raw.bos_token_id)[0];
  return {
    architecture: architecture.modelType,
    ...architecture.readConfig(reader),
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
