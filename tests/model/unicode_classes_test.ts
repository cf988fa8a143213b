import { assertEquals } from "@std/assert";
import { Tokenizer } from "../../lib/model/mod.ts";
import { withUnicodeClasses } from "../../lib/model/unicode_classes.ts";

Deno.test("withUnicodeClasses takes spaces and digits for what Unicode says they are", () => {
  const words = withUnicodeClasses(/[^\s\d]+|\d|\s+/gu);
  assertEquals("a\ufeffb 1٣\u0085\u3000c".match(words), [
    "a\ufeffb",
    " ",
    "1",
    "٣",
    "\u0085\u3000",
    "c",
  ]);
  assertEquals(withUnicodeClasses(/\\s[\S\n]/gu).source, "\\\\s[\\P{White_Space}\\n]");
});

/** A tokenizer that knows one letter, and bytes by their spelling. */
function tokenizerWith(pre_tokenizer: Record<string, unknown>): Tokenizer {
  const spelling = ["a", "Ġ", "ï", "»", "¿", "Â", "½", "ï»¿a", "Â½", "Â½Â½", "ĠĠ", "ï»", "ï»¿"];
  const vocab = Object.fromEntries(spelling.map((token, id) => [token, id]));
  const merges = [["Â", "½"], ["Â½", "Â½"], ["Ġ", "Ġ"], ["ï", "»"], ["ï»", "¿"], ["ï»¿", "a"]];
  const json = {
    added_tokens: [],
    normalizer: null,
    post_processor: null,
    pre_tokenizer,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges },
  };
  return new Tokenizer(json, {}, { vocabSize: 100, eosTokenIds: [] }, "made up");
}

// The ids are those of Hugging Face's tokenizers 0.23.3.
Deno.test("Tokenizer takes no byte order mark for a space", () => {
  const level = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
  assertEquals(tokenizerWith(level).encode("  \ufeffa"), [1, 1, 12, 0]);
});

Deno.test("Tokenizer takes fractions for digits where digits are split", () => {
  const level = { type: "ByteLevel", add_prefix_space: false, use_regex: false };
  const digits = (individual_digits: boolean) =>
    tokenizerWith({
      type: "Sequence",
      pretokenizers: [{ type: "Digits", individual_digits }, level],
    });
  assertEquals(digits(true).encode("a½½"), [0, 8, 8]);
  assertEquals(digits(false).encode("a½½"), [0, 9]);
});
