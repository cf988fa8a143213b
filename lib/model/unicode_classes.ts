/**
 * Spaces and digits as the patterns of tokenizers mean them.
 *
 * Hugging Face's tokenizers ask Unicode what a space is, and what a digit: JavaScript's `\s` leaves
 * out the next-line character and takes in the byte order mark, its `\d` knows ten digits only.
 *
 * @module
 */

import {
  ByteLevelPreTokenizer,
  DigitsPreTokenizer,
  type PreTokenizer,
  SequencePreTokenizer,
  SplitPreTokenizer,
} from "@huggingface/tokenizers";

const CLASSES: Readonly<Record<string, string>> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
};

/** The same pattern, with Unicode's classes. */
export function withUnicodeClasses(pattern: RegExp): RegExp {
  const source = pattern.source.replace(
    /\\(.)/gsu,
    (escape, letter: string) => CLASSES[letter] ?? escape,
  );
  return new RegExp(source, pattern.flags);
}

/** Gives a pre-tokenizer of the library Unicode's classes, wherever in it there are patterns. */
export function useUnicodeClasses(preTokenizer: PreTokenizer | null): void {
  if (preTokenizer instanceof SequencePreTokenizer) {
    preTokenizer.tokenizers.forEach(useUnicodeClasses);
  } else if (preTokenizer instanceof DigitsPreTokenizer) {
    // Here a digit is whatever is a number by itself, such as ½ and Ⅷ.
    const repeated = preTokenizer.config.individual_digits ? "" : "+";
    preTokenizer.pattern = new RegExp(`\\P{N}+|\\p{N}${repeated}`, "gu");
  } else if (
    preTokenizer instanceof ByteLevelPreTokenizer || preTokenizer instanceof SplitPreTokenizer
  ) {
    if (preTokenizer.pattern) preTokenizer.pattern = withUnicodeClasses(preTokenizer.pattern);
  }
}
