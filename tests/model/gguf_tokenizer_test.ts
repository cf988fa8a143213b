import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { GgufMetadata, shortest } from "../../lib/model/gguf/metadata.ts";
import { tokenizerFiles } from "../../lib/model/gguf/tokenizer.ts";
import { type JsonObject, Tokenizer } from "../../lib/model/mod.ts";
import type { TokenizerCase } from "./fixtures.ts";

async function golden<Content>(name: string): Promise<Content> {
  const url = new URL(`../golden/gguf/${name}.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(url));
}

function tokenizerOf(metadata: JsonObject): Tokenizer {
  const { tokenizer, config } = tokenizerFiles(new GgufMetadata(metadata, "model.gguf"));
  return new Tokenizer(tokenizer, config, { vocabSize: 500, eosTokenIds: [] }, "model.gguf");
}

function assertAgrees(tokenizer: Tokenizer, cases: TokenizerCase[]) {
  assert(cases.length > 40);
  for (const { text, ids, decoded } of cases) {
    assertEquals(tokenizer.encode(text), ids, text);
    // The tokenizers library leaves a byte order mark out where bytes are decoded.
    if (!text.startsWith("\ufeff")) assertEquals(tokenizer.decode(ids), decoded, text);
  }
}

const byteLevel = await golden<{
  metadata: JsonObject;
  families: Record<string, TokenizerCase[]>;
}>("byte_level");

for (const [pre, cases] of Object.entries(byteLevel.families)) {
  Deno.test(`tokenizerFiles splits texts as ${pre} does`, () => {
    const tokenizer = tokenizerOf({ ...byteLevel.metadata, "tokenizer.ggml.pre": pre });
    assertAgrees(tokenizer, cases);
    assertEquals(tokenizer.beginsWithBos, pre === "llama-bpe");
  });
}

Deno.test("tokenizerFiles splits texts as GPT-2 does where a file does not say", () => {
  assertAgrees(tokenizerOf(byteLevel.metadata), byteLevel.families["gpt-2"]);
});

const sentencePiece = await golden<
  Record<string, { metadata: JsonObject; cases: TokenizerCase[] }>
>("sentencepiece");

for (const [name, { metadata, cases }] of Object.entries(sentencePiece)) {
  Deno.test(`tokenizerFiles merges pieces as SentencePiece does (${name})`, () => {
    const tokenizer = tokenizerOf(metadata);
    assertAgrees(tokenizer, cases);
    assert(tokenizer.beginsWithBos);
    assertEquals(tokenizer.namedTokens, {
      bos_token: "<s>",
      eos_token: "</s>",
      unk_token: "<unk>",
    });
    assertEquals(tokenizer.encode("</s>"), [2]);
  });
}

Deno.test("tokenizerFiles begins texts with BOS only where the file says so or its kind does", () => {
  const { metadata } = sentencePiece.prefix;
  const asked = (begins: boolean, from: JsonObject) =>
    tokenizerOf({ ...from, "tokenizer.ggml.add_bos_token": begins }).beginsWithBos;
  assertEquals(asked(false, metadata), false);
  assertEquals(asked(true, byteLevel.metadata), true);
});

Deno.test("tokenizerFiles refuses what it cannot rebuild", () => {
  const { metadata } = byteLevel;
  const cases: [JsonObject, string][] = [
    [{ "tokenizer.ggml.pre": "tekken" }, `splits texts as "tekken" does`],
    [{ "tokenizer.ggml.model": "t5" }, `a tokenizer of kind "t5"`],
    [{ "tokenizer.ggml.model": undefined }, "holds no tokenizer"],
    [{ "tokenizer.ggml.tokens": undefined }, "holds no vocabulary"],
    [{ "tokenizer.ggml.tokens": [1] }, "must be a list of texts"],
    [{ "tokenizer.ggml.merges": undefined }, `lacks "tokenizer.ggml.merges"`],
    [{ "tokenizer.ggml.model": "llama" }, `lacks "tokenizer.ggml.scores"`],
    [{ "tokenizer.ggml.bos_token_id": 1000 }, `"tokenizer.ggml.bos_token_id" is 1000`],
    [{ "tokenizer.ggml.eos_token_id": "</s>" }, "must be a token's id"],
  ];
  for (const [change, message] of cases) {
    const error = assertThrows(() => tokenizerOf({ ...metadata, ...change }), UserError, message);
    assert(error.message.startsWith("model.gguf"));
  }
});

Deno.test("tokenizerFiles gives tokens back the byte order mark that a header's reader drops", () => {
  const { metadata } = sentencePiece.prefix;
  const tokens = metadata["tokenizer.ggml.tokens"] as string[];
  const scores = metadata["tokenizer.ggml.scores"] as number[];
  const last = tokens.at(-1)!;
  const tokenizer = tokenizerOf({
    ...metadata,
    "tokenizer.ggml.tokens": [...tokens, "", last],
    "tokenizer.ggml.scores": [...scores, -1000, -1001],
  });
  assertEquals(tokenizer.tokenId("\ufeff"), tokens.length);
  assertEquals(tokenizer.tokenId(`\ufeff${last}`), tokens.length + 1);
  assertEquals(tokenizer.tokenId(last), tokens.length - 1);
});

Deno.test("shortest finds the number that was meant", () => {
  for (const value of [1e-5, 1e-6, 10_000, 500_000, 0.1, 1 / 3]) {
    assertEquals(Math.fround(shortest(Math.fround(value))), Math.fround(value));
  }
  assertEquals(shortest(Math.fround(1e-5)), 1e-5);
  assertEquals(shortest(Math.fround(1e6)), 1e6);
});
