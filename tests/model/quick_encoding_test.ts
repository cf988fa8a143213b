// Whatever makes encoding quick here must give the ids that the library gives by itself.
import { assert, assertEquals } from "@std/assert";
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { Random } from "../../lib/flow/mod.ts";
import { Tokenizer } from "../../lib/model/mod.ts";
import { readGoldenTokenizer } from "./fixtures.ts";

type Json = Record<string, unknown>;

const MODEL = { vocabSize: 1000, eosTokenIds: [] };

/** Pieces that borders of words, bytes and merges lie in. */
const SCRAPS = [
  "\n\n",
  "  ",
  " ",
  ". ",
  "'s",
  "▁",
  "123",
  "é",
  "e\u0301",
  "鯨",
  "🐋",
  "\ud83d",
  "<s>",
];

/** A text of several hundred letters out of real words, single letters and scraps. */
function longText(random: Random, words: readonly string[]): string {
  let text = "";
  for (let length = 20 + random.int(60); length > 0; length--) {
    text += random.pick(random.next() < 0.4 ? SCRAPS : words);
    if (random.next() < 0.5) text += " ";
  }
  return text;
}

function assertSameIds(json: Json, words: readonly string[]): void {
  const library = new Library(json, {});
  const tokenizer = new Tokenizer(json, {}, MODEL, "tokenizer.json");
  for (let seed = 0; seed < 100; seed++) {
    const text = longText(new Random(seed), words);
    assert(text.length > 32);
    const { ids } = library.encode(text, { add_special_tokens: false });
    assertEquals(tokenizer.encode(text), ids, `seed ${seed}: ${JSON.stringify(text)}`);
  }
}

function wordsOf(cases: readonly { text: string }[]): string[] {
  return cases.flatMap(({ text }) => [...text.split(/(?=\s)/), ...text.slice(0, 40)]);
}

for (const family of ["byte_level", "byte_level_split_nfc", "byte_fallback", "metaspace_first"]) {
  Deno.test(`Tokenizer.encode gives the library's ids of long texts (${family})`, async () => {
    const { json, cases } = await readGoldenTokenizer(family);
    assertSameIds(json, wordsOf(cases));
  });
}

Deno.test("Tokenizer.encode gives the library's ids behind a prefix space", async () => {
  const { json, cases } = await readGoldenTokenizer("byte_level");
  const spaced = { ...json.pre_tokenizer as Json, add_prefix_space: true };
  assertSameIds({ ...json, pre_tokenizer: spaced }, wordsOf(cases));
});

Deno.test("Tokenizer.encode gives the library's ids where words have suffixes", async () => {
  const { json, cases } = await readGoldenTokenizer("byte_fallback");
  const { vocab, ...model } = json.model as Json & { vocab: Record<string, number> };
  const ends = { "a</w>": 900, "e</w>": 901, ".</w>": 902 };
  const suffixed = { ...model, vocab: { ...vocab, ...ends }, end_of_word_suffix: "</w>" };
  assertSameIds({ ...json, model: suffixed }, wordsOf(cases));
});

Deno.test("Tokenizer.encode merges across what looks like a border of words", () => {
  const json = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: "Fuse" },
    model: {
      type: "BPE",
      vocab: { a: 0, b: 1, "🐋": 2, " ": 3, "a ": 4, "a b": 5, "🐋a": 6 },
      merges: [["a", " "], ["🐋", "a"], ["a ", "b"]],
    },
  };
  const tokenizer = new Tokenizer(json, {}, MODEL, "tokenizer.json");
  assertEquals(tokenizer.encode("a b🐋a b".repeat(10)), Array(10).fill([5, 2, 5]).flat());
  assertEquals(tokenizer.encode("b🐋a".repeat(20)), Array(20).fill([1, 6]).flat());
});
