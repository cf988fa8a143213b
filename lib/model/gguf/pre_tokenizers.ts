/**
 * How texts are split before byte pairs are merged, by the names that GGUF files give it.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import type { JsonObject } from "../config_reader.ts";
import type { GgufMetadata } from "./metadata.ts";

/** Parts of a tokenizer.json that GGUF replaces by a name. */
export interface PreTokenizer {
  normalizer: JsonObject | null;
  pre_tokenizer: JsonObject;
  /** Whether a word that is a token becomes it, whatever its merges. */
  ignoreMerges: boolean;
  /** Whether texts begin with the BOS token, where the file does not say. */
  addBos: boolean;
}

function byteLevel(use_regex: boolean): JsonObject {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex };
}

function split(pattern: string): JsonObject {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}

function inOrder(...pretokenizers: JsonObject[]): JsonObject {
  return { type: "Sequence", pretokenizers };
}

/** A split by one pattern, which differs in how many digits it lets stand together. */
function words(digits: string): JsonObject {
  const pattern = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + digits +
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  return inOrder(split(pattern), byteLevel(false));
}

const plain = { normalizer: null, ignoreMerges: false, addBos: false };

const gpt2: PreTokenizer = { ...plain, pre_tokenizer: byteLevel(true) };

/** Digits alone, the rest as GPT-2 does. */
const singleDigits: PreTokenizer = {
  ...plain,
  pre_tokenizer: inOrder(split("\\p{N}"), byteLevel(true)),
};

const llama3: PreTokenizer = {
  ...plain,
  pre_tokenizer: words("\\p{N}{1,3}"),
  ignoreMerges: true,
  addBos: true,
};

const qwen2: PreTokenizer = {
  ...plain,
  normalizer: { type: "NFC" },
  pre_tokenizer: words("\\p{N}"),
};

/** By `tokenizer.ggml.pre`. */
const preTokenizers: Readonly<Record<string, PreTokenizer>> = {
  "default": gpt2,
  "gpt-2": gpt2,
  smollm: singleDigits,
  "llama-bpe": llama3,
  llama3,
  "llama-v3": llama3,
  qwen2,
  "deepseek-r1-qwen": qwen2,
};

/**
 * How a file's tokenizer splits texts.
 *
 * @throws {UserError} If its way has a name that is not known here.
 */
export function preTokenizerOf(metadata: GgufMetadata): PreTokenizer {
  const name = metadata.text("tokenizer.ggml.pre") ?? "default";
  if (Object.hasOwn(preTokenizers, name)) return preTokenizers[name];
  throw new UserError(`${metadata.path} splits texts as "${name}" does, which is not supported`, {
    hint: `Known here: ${Object.keys(preTokenizers).join(", ")}`,
  });
}
