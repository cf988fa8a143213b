/**
 * White space around added tokens, such as the newline that Phi-3's `<|user|>` swallows.
 *
 * Hugging Face's tokenizers ask Unicode what white space is; the library that is used here asks
 * JavaScript, which takes in the byte order mark and leaves out the next-line character.
 *
 * @module
 */

import type { AddedToken } from "@huggingface/tokenizers";

/** Takes away what added tokens swallow of a text. */
export type Strip = (text: string) => string;

const BEFORE = /\p{White_Space}+$/u;
const AFTER = /^\p{White_Space}+/u;

/**
 * Does the stripping in the library's place, which is told of no token that strips any more.
 *
 * @param tokens The library's own added tokens.
 */
export function stripAtAddedTokens(tokens: readonly AddedToken[]): Strip {
  const asWritten = tokens.filter(({ content, normalized }) => content !== "" && !normalized);
  const left = new Set(asWritten.filter(({ lstrip }) => lstrip).map(({ content }) => content));
  const right = new Set(asWritten.filter(({ rstrip }) => rstrip).map(({ content }) => content));
  if (left.size + right.size === 0) return (text) => text;
  for (const token of asWritten) token.lstrip = token.rstrip = false;
  const longestFirst = asWritten.map(({ content }) => content)
    .sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(${longestFirst.map(RegExp.escape).join("|")})`, "u");
  return (text) => {
    const parts = text.split(pattern);
    for (let at = 1; at < parts.length; at += 2) {
      if (left.has(parts[at])) parts[at - 1] = parts[at - 1].replace(BEFORE, "");
      if (right.has(parts[at])) parts[at + 1] = parts[at + 1].replace(AFTER, "");
    }
    return parts.join("");
  };
}
