/**
 * The files that a GGUF file's model has as a Hugging Face folder.
 *
 * @module
 */

import type { JsonObject } from "../config_reader.ts";
import { architectureOf } from "./architectures.ts";
import type { GgufFile } from "./gguf_file.ts";
import type { GgufMetadata } from "./metadata.ts";
import { tokenizerFiles } from "./tokenizer.ts";

/** A model's files but for the weights, parsed. */
export interface GgufModelFiles {
  /** `config.json` */
  config: JsonObject;
  /** `generation_config.json` */
  generation: JsonObject;
  /** `tokenizer.json` */
  tokenizer: JsonObject;
  /** `tokenizer_config.json` */
  tokenizerConfig: JsonObject;
}

/** Ids of the tokens that begin a text, end it, and fill it up. */
function tokenIds(metadata: GgufMetadata): JsonObject {
  const keys = { bos_token_id: "bos", eos_token_id: "eos", pad_token_id: "padding" };
  const ids = Object.entries(keys).map(([name, key]) =>
    [name, metadata.tokenId(`tokenizer.ggml.${key}_token_id`)] as const
  );
  return Object.fromEntries(ids.filter(([, id]) => id !== undefined));
}

/** Besides the end of a text there may be an end of a turn: either ends an answer. */
function endTokens(metadata: GgufMetadata): JsonObject {
  const ids = ["eos", "eot"].map((key) => metadata.tokenId(`tokenizer.ggml.${key}_token_id`));
  const found = [...new Set(ids.filter((id) => id !== undefined))];
  return found.length === 0 ? {} : { eos_token_id: found.length === 1 ? found[0] : found };
}

/**
 * Makes a model's config, tokenizer and template out of a GGUF file's metadata.
 *
 * @throws {UserError} If the model is one that cannot be computed here, or a key is missing or wrong.
 */
export function modelFiles(file: GgufFile): GgufModelFiles {
  const { metadata } = file;
  const { tokenizer, config } = tokenizerFiles(metadata);
  const ids = tokenIds(metadata);
  return {
    config: { ...architectureOf(file).config(file), ...ids, torch_dtype: "float32" },
    generation: { ...ids, ...endTokens(metadata) },
    tokenizer,
    tokenizerConfig: config,
  };
}

/** The files as texts, by name. */
export function modelFileTexts(files: GgufModelFiles): ReadonlyMap<string, string> {
  const pretty = (json: JsonObject) => JSON.stringify(json, null, 2) + "\n";
  return new Map([
    // Python reads `100000` as an integer, and Transformers wants the rotary base to be a float.
    ["config.json", pretty(files.config).replace(/("rope_theta": \d+)(?=,?\n)/, "$1.0")],
    ["generation_config.json", pretty(files.generation)],
    ["tokenizer.json", JSON.stringify(files.tokenizer) + "\n"],
    ["tokenizer_config.json", pretty(files.tokenizerConfig)],
  ]);
}
