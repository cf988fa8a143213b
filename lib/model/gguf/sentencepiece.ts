/**
 * SentencePiece's BPE out of GGUF files, where it is called "llama".
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import type { JsonObject } from "../config_reader.ts";
import type { GgufMetadata } from "./metadata.ts";
import { scoredMerges } from "./scored_merges.ts";
import type { TokenizerParts } from "./tokenizer.ts";
import { addedTokens, type Token, tokensOf, tokenType, vocabulary } from "./tokens.ts";

/** What SentencePiece writes for a space. */
const SPACE = "▁";

function replace(from: string, to: string): JsonObject {
  return { type: "Replace", pattern: { String: from }, content: to };
}

function normalizer(prefix: boolean): JsonObject {
  const spaces = replace(" ", SPACE);
  if (!prefix) return spaces;
  return { type: "Sequence", normalizers: [{ type: "Prepend", prepend: SPACE }, spaces] };
}

function decoder(prefix: boolean): JsonObject {
  const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
  const decoders = [replace(SPACE, " "), { type: "ByteFallback" }, { type: "Fuse" }];
  return { type: "Sequence", decoders: prefix ? [...decoders, strip] : decoders };
}

function unknownToken(tokens: readonly Token[], metadata: GgufMetadata): string | null {
  const id = metadata.tokenId("tokenizer.ggml.unknown_token_id");
  const token = id === undefined
    ? tokens.find(({ type }) => type === tokenType.unknown)
    : tokens[id];
  return token?.text ?? null;
}

/**
 * The tokenizer of Llama 1 and 2, of TinyLlama and of Mistral.
 *
 * @throws {UserError} If pieces or their scores are missing.
 */
export function sentencePieceTokenizer(metadata: GgufMetadata): TokenizerParts {
  const tokens = tokensOf(metadata);
  const scores = metadata.numbers("tokenizer.ggml.scores");
  if (!scores) throw new UserError(`${metadata.path} lacks "tokenizer.ggml.scores"`);
  const prefix = metadata.flag("tokenizer.ggml.add_space_prefix", true);
  return {
    addBos: true,
    json: {
      added_tokens: addedTokens(tokens),
      normalizer: normalizer(prefix),
      pre_tokenizer: null,
      decoder: decoder(prefix),
      model: {
        type: "BPE",
        dropout: null,
        unk_token: unknownToken(tokens, metadata),
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: true,
        byte_fallback: true,
        ignore_merges: false,
        vocab: vocabulary(tokens),
        merges: scoredMerges(tokens, scores),
      },
    },
  };
}
