/**
 * Byte-level BPE out of GGUF files, where it is called "gpt2".
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import type { GgufMetadata } from "./metadata.ts";
import { preTokenizerOf } from "./pre_tokenizers.ts";
import type { TokenizerParts } from "./tokenizer.ts";
import { addedTokens, tokensOf, tokenType, vocabulary } from "./tokens.ts";

/**
 * The tokenizer of GPT-2, SmolLM2, Llama 3, Qwen and others.
 *
 * Tokens marked as unused are left out: they fill the vocabulary up to the embedding's rows.
 *
 * @throws {UserError} If merges are missing, or texts are split in a way that is not known here.
 */
export function byteLevelTokenizer(metadata: GgufMetadata): TokenizerParts {
  const merges = metadata.texts("tokenizer.ggml.merges");
  if (!merges) throw new UserError(`${metadata.path} lacks "tokenizer.ggml.merges"`);
  const { normalizer, pre_tokenizer, ignoreMerges, addBos } = preTokenizerOf(metadata);
  const tokens = tokensOf(metadata).filter(({ type }) => type !== tokenType.unused);
  return {
    addBos,
    json: {
      added_tokens: addedTokens(tokens),
      normalizer,
      pre_tokenizer,
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: ignoreMerges,
        vocab: vocabulary(tokens),
        merges: merges.map((merge) => merge.split(" ")),
      },
    },
  };
}
