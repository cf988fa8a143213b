import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { compress } from "../../lib/data/compress.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { RuleSampler } from "./rule_sampler.ts";
import { runStage } from "./run_stage.ts";
import { chunkedSea } from "./sea.ts";
import { wordTokenizer } from "./word_tokenizer.ts";

Deno.test("compress picks distinct chunks in the document's order", async () => {
  const document = await chunkedSea();
  const { out } = await runStage(compress({ turns: 3 }), [document]);
  const places = out[0].turns.map(({ short }) => document.text.indexOf(short));
  assertEquals(places.length, 3);
  assertEquals(places, [...new Set(places)].sort((a, b) => a - b));
  assert(places.every((place) => place >= 0));
  assertEquals(out[0].long, document.text);
});

Deno.test("compress picks what seed and id say, whatever the order of documents", async () => {
  const documents = await Promise.all(["a", "b", "c", "d"].map((id) => chunkedSea(id)));
  const stage = compress({ turns: 2 });
  const forwards = await runStage(stage, documents);
  const backwards = await runStage(stage, documents.toReversed());
  assertEquals(backwards.out.toReversed(), forwards.out);
  const picks = forwards.out.map(({ turns }) => JSON.stringify(turns));
  assert(new Set(picks).size > 1, "documents with other ids get other chunks");
  const reseeded = await runStage(stage, documents, { seed: 8 });
  assertNotEquals(reseeded.out, forwards.out);
});

Deno.test("compress picks no remnants", async () => {
  const document = await chunkedSea();
  const text = `${document.text}\n\nEnd.`;
  const remnant = { start: text.length - 4, end: text.length, tokens: 1 };
  const { out } = await runStage(compress({ turns: 9 }), [
    { ...document, text, chunks: [...document.chunks, remnant] },
  ]);
  assertEquals(out[0].turns.length, 6);
});

Deno.test("compress counts given questions that pick leaves unused", async () => {
  const { out, counts } = await runStage(compress(), [await chunkedSea("sea", ["Who?", "Where?"])]);
  assertEquals(out[0].turns.every(({ question }) => question === undefined), true);
  assertEquals(counts["given questions left unused"], 2);
});

Deno.test("compress retrieves the chunk that a question is about", async () => {
  const questions = ["Whom does Starbuck think of?", "Which animal took Ahab's leg at night?"];
  const { out } = await runStage(compress({ method: "retrieve" }), [
    await chunkedSea("sea", questions),
  ]);
  assertEquals(out[0].turns.map(({ question }) => question), questions);
  assert(out[0].turns[0].short.startsWith("Starbuck"));
  assert(out[0].turns[1].short.startsWith("Ahab"));
});

Deno.test("compress drops documents without questions when it is to retrieve", async () => {
  const { out, dropped } = await runStage(compress({ method: "retrieve" }), [await chunkedSea()]);
  assertEquals(out, []);
  assertEquals(dropped[0].reason, "no questions to retrieve for");
});

Deno.test("compress summarises in rounds until a chunk's length is reached", async () => {
  const sampler = new RuleSampler();
  const stage = compress({ method: "summarise", turns: 2, sampler, tokenizer: wordTokenizer });
  const { out, counts } = await runStage(stage, [await chunkedSea()]);
  assertEquals(sampler.calls.map((call) => call.length), [6, 3]);
  assert(wordTokenizer.encode(out[0].turns[0].short).length <= 16);
  assertEquals(out[0].turns[0], out[0].turns[1]);
  assertEquals(counts.summaries, sampler.calls.flat().length);
  assertEquals(out[0].sampler?.parameters.summarise.sampler, "rules");
});

Deno.test("compress drops a document whose summary is not shorter", async () => {
  const sampler = new RuleSampler();
  sampler.generate = (conversations) =>
    Promise.resolve(conversations.map(([{ content }]) => ({
      text: content,
      tokenIds: [],
      logProbs: [],
      finish: "stop",
    })));
  const stage = compress({ method: "summarise", sampler, tokenizer: wordTokenizer });
  const { out, dropped } = await runStage(stage, [await chunkedSea()]);
  assertEquals(out, []);
  assertEquals(dropped[0].reason, "summary not shorter than its text");
});

Deno.test("compress refuses to summarise without a sampler", () => {
  assertThrows(() => compress({ method: "summarise" }), UserError, "without a sampler");
});
