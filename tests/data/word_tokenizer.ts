import type { TextTokenizer } from "../../lib/data/text_tokenizer.ts";

/** A token a word and a token a line end: simple enough to count by hand. */
export const wordTokenizer: TextTokenizer = {
  encode: (text) => (text.match(/\n|[^\s]+/g) ?? []).map((word) => word.length),
};

/** A token a UTF-8 byte, as byte-level tokenizers without merges do. */
export const byteTokenizer: TextTokenizer = {
  encode: (text) => [...new TextEncoder().encode(text)],
};

/** More tokens than its parts have: a token a word, and one more for every two words. */
export const greedyTokenizer: TextTokenizer = {
  encode: (text) => {
    const words = text.match(/\S+/g) ?? [];
    return [...words, ...words.slice(0, words.length >> 1)].map((word) => word.length);
  },
};
