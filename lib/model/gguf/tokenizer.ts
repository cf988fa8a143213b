/**
 * The tokenizer of a GGUF file, as tokenizer.json and tokenizer_config.json would describe it.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import type { JsonObject } from "../config_reader.ts";
import { byteLevelTokenizer } from "./byte_level.ts";
import type { GgufMetadata } from "./metadata.ts";
import { sentencePieceTokenizer } from "./sentencepiece.ts";

/** What a kind of tokenizer makes of the metadata. */
export interface TokenizerParts {
  /** `tokenizer.json` but for version and post-processor, which are alike for all. */
  json: JsonObject;
  /** Whether texts begin with the BOS token, where the file does not say. */
  addBos: boolean;
}

/** A tokenizer's two files. */
export interface TokenizerFiles {
  /** `tokenizer.json` */
  tokenizer: JsonObject;
  /** `tokenizer_config.json`, the chat template in it. */
  config: JsonObject;
}

/** By `tokenizer.ggml.model`. */
const kinds: Readonly<Record<string, (metadata: GgufMetadata) => TokenizerParts>> = {
  gpt2: byteLevelTokenizer,
  llama: sentencePieceTokenizer,
};

/** Names in tokenizer_config.json, and what GGUF calls their ids. */
const NAMED: Readonly<Record<string, string>> = {
  bos_token: "bos_token_id",
  eos_token: "eos_token_id",
  unk_token: "unknown_token_id",
  pad_token: "padding_token_id",
};

function kindOf(metadata: GgufMetadata): (metadata: GgufMetadata) => TokenizerParts {
  const name = metadata.text("tokenizer.ggml.model");
  if (name !== undefined && Object.hasOwn(kinds, name)) return kinds[name];
  throw new UserError(
    name === undefined
      ? `${metadata.path} holds no tokenizer`
      : `${metadata.path} has a tokenizer of kind "${name}", which is not supported`,
    { hint: `Supported are ${Object.keys(kinds).join(" and ")}` },
  );
}

function namedTokens(metadata: GgufMetadata): Record<string, string> {
  const texts = metadata.texts("tokenizer.ggml.tokens") ?? [];
  const named: Record<string, string> = {};
  for (const [name, key] of Object.entries(NAMED)) {
    const id = metadata.tokenId(`tokenizer.ggml.${key}`);
    if (id === undefined) continue;
    if (id >= texts.length) {
      throw new UserError(
        `${metadata.path}: "tokenizer.ggml.${key}" is ${id}, but there are ${texts.length} tokens`,
      );
    }
    named[name] = texts[id];
  }
  return named;
}

/** Puts the BOS token before a text. */
function beginWith(token: string, id: number): JsonObject {
  const bos = { SpecialToken: { id: token, type_id: 0 } };
  const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  return {
    type: "TemplateProcessing",
    single: [bos, text("A", 0)],
    pair: [bos, text("A", 0), { SpecialToken: { id: token, type_id: 1 } }, text("B", 1)],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}

/**
 * Rebuilds a tokenizer from a file's metadata.
 *
 * @throws {UserError} If the file holds none, or one that cannot be rebuilt here.
 */
export function tokenizerFiles(metadata: GgufMetadata): TokenizerFiles {
  const { json, addBos } = kindOf(metadata)(metadata);
  const named = namedTokens(metadata);
  const addsBos = metadata.flag("tokenizer.ggml.add_bos_token", addBos) && "bos_token" in named;
  const bosId = metadata.tokenId("tokenizer.ggml.bos_token_id");
  const template = metadata.text("tokenizer.chat_template");
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      ...json,
      post_processor: addsBos ? beginWith(named.bos_token, bosId!) : null,
    },
    config: {
      tokenizer_class: "PreTrainedTokenizerFast",
      ...named,
      add_bos_token: addsBos,
      clean_up_tokenization_spaces: false,
      ...(template === undefined ? {} : { chat_template: template }),
    },
  };
}
