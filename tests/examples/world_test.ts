import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Random } from "@longpo/longpo/flow";
import { Tokenizer } from "@huggingface/tokenizers";
import {
  KEY_COUNT,
  makeDocument,
  parseQuestion,
  VALUE_COUNT,
} from "../../examples/world/grammar.ts";
import { ASK_INSTRUCTION } from "../../examples/world/instruction.ts";
import { makeLesson } from "../../examples/world/lessons.ts";
import {
  SPECIAL_TOKENS,
  tokenizerConfig,
  tokenizerJson,
  writeTokenizer,
} from "../../examples/world/tokenizer.ts";
import { worldVocabulary } from "../../examples/world/vocabulary.ts";

function worldTokenizer(): Tokenizer {
  return new Tokenizer(tokenizerJson(), tokenizerConfig());
}

function decode(tokenizer: Tokenizer, ids: number[]): string {
  return tokenizer.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
}

Deno.test("makeDocument repeats itself for a seed and differs for another", () => {
  const text = (seed: number): string => makeDocument(new Random(seed), { tokens: 200 }).text;
  assertEquals(text(1), text(1));
  assertNotEquals(text(1), text(2));
});

Deno.test("makeDocument tells each key once, where it says it does", () => {
  const { text, facts } = makeDocument(new Random(3), { tokens: 1200 });
  assert(facts.length > 40);
  for (const { key, value, start, end } of facts) {
    const sentence = text.slice(start, end);
    assert(sentence.startsWith(`The ${key} `) && sentence.endsWith(` ${value}.`), sentence);
    assertEquals(text.match(new RegExp(`\\b${key}\\b`, "g"))?.length, 1);
  }
});

Deno.test("makeDocument keeps to the part of the world it is given", () => {
  const { facts } = makeDocument(new Random(4), { tokens: 400, keys: 12, values: 4, factShare: 1 });
  assertEquals(facts.length, 12);
  assert(new Set(facts.map(({ value }) => value)).size <= 4);
});

Deno.test("makeDocument refuses a world larger than there is", () => {
  assertThrows(() => makeDocument(new Random(1), { tokens: 9, keys: KEY_COUNT + 1 }), RangeError);
  assertThrows(
    () => makeDocument(new Random(1), { tokens: 9, values: VALUE_COUNT + 1 }),
    RangeError,
  );
});

Deno.test("makeDocument parts its paragraphs by blank lines", () => {
  const { text } = makeDocument(new Random(5), { tokens: 400 });
  const paragraphs = text.split("\n\n");
  assert(paragraphs.length > 4);
  for (const paragraph of paragraphs) assert(/^[A-Z][^\n]*\.$/.test(paragraph), paragraph);
});

Deno.test("parseQuestion finds the key of a question of this world only", () => {
  assertEquals(parseQuestion(" Where is the lantern?\n"), "lantern");
  assertEquals(parseQuestion("Who is the lantern?"), undefined);
  assertEquals(parseQuestion("Where is the moon?"), undefined);
});

Deno.test("worldTokenizer makes every word and mark of the world one token", () => {
  const tokenizer = worldTokenizer();
  for (const seed of [1, 2, 3]) {
    const { text, facts } = makeDocument(new Random(seed), { tokens: 300 });
    for (const sample of [text, ASK_INSTRUCTION, facts[0].question, facts[0].answer]) {
      assertEquals(tokenizer.encode(sample).ids.length, sample.match(/\w+|[.?]|\n\n/g)?.length);
    }
    assert(tokenizer.encode(text).ids.length <= 300);
  }
});

Deno.test("worldTokenizer gives back any text to the byte", () => {
  const tokenizer = worldTokenizer();
  const odd = "Größe 12, naïve 🙂\n\n\n  two  spaces\ttab\r\nlantern's <|end|> 日本語 The the";
  assertEquals(decode(tokenizer, tokenizer.encode(odd).ids), odd);
});

Deno.test("worldTokenizer has a token for every special mark, in order, and under 1024 in all", () => {
  const tokenizer = worldTokenizer();
  SPECIAL_TOKENS.forEach((token, id) => assertEquals(tokenizer.encode(token).ids, [id]));
  const { vocab } = tokenizerJson().model as { vocab: Record<string, number> };
  const ids = Object.values(vocab).sort((a, b) => a - b);
  assertEquals(ids, ids.map((_, id) => id));
  assert(Object.keys(vocab).length < 1024);
  for (const word of worldVocabulary()) assert(`Ġ${word}` in vocab, word);
});

Deno.test("writeTokenizer writes the files that stand beside the embedded model", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await writeTokenizer(directory);
    for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
      const kept = new URL(`../../examples/model/${name}`, import.meta.url);
      assertEquals(await Deno.readTextFile(`${directory}/${name}`), await Deno.readTextFile(kept));
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("makeLesson asks for different facts and knows the replies", () => {
  const options = { tokens: 140, recalls: 3, answers: 5, asks: 2 };
  const { document, facts, exercises } = makeLesson(new Random(7), options);
  const kinds = exercises.map(({ kind }) => kind);
  assertEquals(kinds.filter((kind) => kind === "recall").length, 3);
  assertEquals(kinds.filter((kind) => kind === "answer").length, 5);
  assertEquals(kinds.filter((kind) => kind === "ask").length, 2);
  assertEquals(new Set(exercises.map(({ request, reply }) => request + reply)).size, 10);
  for (const { kind, request, reply } of exercises) {
    if (kind === "answer") {
      const { value } = facts.find(({ key }) => key === parseQuestion(request))!;
      assertEquals(reply.trim(), `${value}.`);
    }
    if (kind === "ask") assert(document.includes(` ${parseQuestion(reply)} `));
    if (kind === "recall") assert(new RegExp(`The${request} \\w+ \\w+${reply}\\.`).test(document));
  }
});
