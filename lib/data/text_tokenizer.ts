import type { CountTokens } from "./pieces.ts";

/** What the stages need of a tokenizer: {@linkcode Tokenizer} of the model room is one. */
export interface TextTokenizer {
  /** The ids of a text, without special tokens around it. */
  encode(text: string): readonly number[];
}

/** Counts with a tokenizer. */
export function countWith(tokenizer: TextTokenizer): CountTokens {
  return (text) => tokenizer.encode(text).length;
}
