/**
 * The vocabulary of a GGUF file.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import type { JsonObject } from "../config_reader.ts";
import type { GgufMetadata } from "./metadata.ts";

/** What a token is for, as `tokenizer.ggml.token_type` numbers it. */
export const tokenType = {
  normal: 1,
  unknown: 2,
  control: 3,
  userDefined: 4,
  unused: 5,
  byte: 6,
} as const;

/** A token of a GGUF file. */
export interface Token {
  id: number;
  /** As the vocabulary spells it. */
  text: string;
  /** One of {@linkcode tokenType}. */
  type: number;
}

const BYTE_ORDER_MARK = "\ufeff";

/**
 * Texts as the file has them: the library that reads the header leaves out a byte order mark where a
 * text begins with one. No token is empty and no two are alike, so those that are had one.
 */
function withByteOrderMarks(texts: readonly string[]): string[] {
  const seen = new Set<string>();
  return texts.map((text) => {
    const whole = text === "" || seen.has(text) ? BYTE_ORDER_MARK + text : text;
    seen.add(whole);
    return whole;
  });
}

/**
 * All tokens of a file.
 *
 * @throws {UserError} If the file holds no vocabulary.
 */
export function tokensOf(metadata: GgufMetadata): Token[] {
  const texts = metadata.texts("tokenizer.ggml.tokens");
  if (!texts) throw new UserError(`${metadata.path} holds no vocabulary`);
  const types = metadata.numbers("tokenizer.ggml.token_type");
  return withByteOrderMarks(texts).map((text, id) => ({
    id,
    text,
    type: types?.[id] ?? tokenType.normal,
  }));
}

/** Those tokens that are looked for in a text before anything else is done to it. */
export function addedTokens(tokens: readonly Token[]): JsonObject[] {
  const special: readonly number[] = [tokenType.control, tokenType.unknown];
  return tokens
    .filter(({ type }) => special.includes(type) || type === tokenType.userDefined)
    .map(({ id, text, type }) => ({
      id,
      content: text,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: special.includes(type),
    }));
}

/** Ids by token. */
export function vocabulary(tokens: readonly Token[]): Record<string, number> {
  // Without a prototype, so that a token called `__proto__` is one like any other.
  const ids: Record<string, number> = Object.create(null);
  for (const { text, id } of tokens) ids[text] = id;
  return ids;
}
