import { assert, assertEquals, assertThrows } from "@std/assert";
import { chunk } from "../../lib/data/chunk.ts";
import { packChunks } from "../../lib/data/pack_chunks.ts";
import { countWith } from "../../lib/data/text_tokenizer.ts";
import { Random, UserError } from "../../lib/flow/mod.ts";
import { runStage } from "./run_stage.ts";
import { byteTokenizer, greedyTokenizer, wordTokenizer } from "./word_tokenizer.ts";

const countWords = countWith(wordTokenizer);

/** Text with all that is awkward: long words, astral characters, blank lines, no line end. */
function awkwardText(random: Random): string {
  const parts = [
    "word ",
    "Ein Satz. ",
    "\n",
    "\n\n",
    "\n \t\n",
    "🐋🐋🐋",
    "  ",
    "x".repeat(90),
    "\r\n",
  ];
  return Array.from({ length: 200 }, () => random.pick(parts)).join("");
}

function texts(text: string, chunks: { start: number; end: number }[]): string[] {
  return chunks.map(({ start, end }) => text.slice(start, end));
}

Deno.test("packChunks never loses text and keeps within its tokens", () => {
  for (let seed = 0; seed < 8; seed++) {
    const text = awkwardText(new Random(seed));
    for (const tokenizer of [wordTokenizer, byteTokenizer, greedyTokenizer]) {
      for (const tokens of [4, 7, 50]) {
        const count = countWith(tokenizer);
        const chunks = packChunks(text, tokens, count);
        assertEquals(texts(text, chunks).join(""), text);
        for (const { start, end, tokens: size } of chunks) {
          assertEquals(count(text.slice(start, end)), size);
          assert(size <= tokens, `${size} tokens in a chunk of ${tokens}`);
        }
      }
    }
  }
});

Deno.test("packChunks never cuts a character in two", () => {
  const text = "🐋".repeat(40);
  const chunks = packChunks(text, 7, countWith(byteTokenizer));
  assert(texts(text, chunks).every((part) => part.isWellFormed()));
  assertEquals(chunks.length, 40);
});

Deno.test("packChunks prefers paragraphs, then sentences, then words", () => {
  const text = "One two three.\n\nFour five. Six seven eight. Nine.\n\nTen";
  assertEquals(texts(text, packChunks(text, 6, countWords)), [
    "One two three.\n\n",
    "Four five. Six seven eight. ",
    "Nine.\n\nTen",
  ]);
  assertEquals(texts(text, packChunks(text, 2, countWords)), [
    "One two",
    " three.\n",
    "\n",
    "Four five. ",
    "Six seven",
    " eight. ",
    "Nine.\n",
    "\nTen",
  ]);
});

Deno.test("chunk gives a document its chunks and its tokens", async () => {
  const text = "One two three.\n\nFour five six.";
  const { out, counts } = await runStage(chunk({ tokenizer: wordTokenizer, tokens: 5 }), [
    { id: "a", source: "a.txt", text, questions: ["Who?"] },
  ]);
  assertEquals(out, [{
    id: "a",
    source: "a.txt",
    text,
    questions: ["Who?"],
    tokens: 8,
    chunks: [{ start: 0, end: 16, tokens: 5 }, { start: 16, end: 30, tokens: 3 }],
  }]);
  assertEquals(counts, { tokens: 8, chunks: 2 });
});

Deno.test("chunk drops a document shorter than a chunk", async () => {
  const document = { id: "a", source: "a.txt", text: "One two three." };
  const { out, dropped } = await runStage(chunk({ tokenizer: wordTokenizer, tokens: 5 }), [
    document,
  ]);
  assertEquals(out, []);
  assertEquals(dropped.map(({ reason }) => reason), ["shorter than a chunk"]);
  const kept = await runStage(chunk({ tokenizer: wordTokenizer, tokens: 5, minTokens: 2 }), [
    document,
  ]);
  assertEquals(kept.out.length, 1);
});

Deno.test("chunk cuts a document longer than longTokens into consecutive documents", async () => {
  const text =
    "The whale dives deep.\n\nThe ship sails on.\n\nThe crew sings loud.\n\nThe storm comes.";
  const stage = chunk({ tokenizer: wordTokenizer, tokens: 6, minTokens: 5, longTokens: 12 });
  const { out, counts } = await runStage(stage, [
    { id: "sea", source: "sea.txt", text, questions: ["Who sings?", "How deep is the whale?"] },
  ]);
  assertEquals(out.map(({ id }) => id), ["sea#1", "sea#2"]);
  assertEquals(out.map((part) => part.text).join(""), text);
  for (const part of out) assertEquals(texts(part.text, part.chunks).join(""), part.text);
  assertEquals(out.map(({ questions }) => questions), [["How deep is the whale?"], ["Who sings?"]]);
  assertEquals(counts["long documents cut"], 1);
});

Deno.test("chunk drops a text for which the tokenizer has no tokens", async () => {
  const encode = (text: string): number[] => {
    if (text.includes("ß")) throw new UserError('The tokenizer has no token for "ß"');
    return [...text].map((letter) => letter.length);
  };
  const { out, dropped, messages } = await runStage(chunk({ tokenizer: { encode }, tokens: 2 }), [
    { id: "a", source: "a.txt", text: "Straße" },
    { id: "b", source: "b.txt", text: "Strand" },
  ]);
  assertEquals(out.map(({ id }) => id), ["b"]);
  assertEquals(dropped[0].reason, "text the tokenizer has no tokens for");
  assertEquals(messages, ['a: The tokenizer has no token for "ß"']);
});

Deno.test("chunk refuses sizes that make no chunk", () => {
  assertThrows(() => chunk({ tokenizer: wordTokenizer, tokens: 0 }), RangeError, "0 tokens");
  assertThrows(
    () => chunk({ tokenizer: wordTokenizer, tokens: 9, longTokens: 8 }),
    RangeError,
    "at most 8",
  );
});
