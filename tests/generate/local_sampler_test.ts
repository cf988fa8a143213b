import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { localSampler, type Sampler } from "../../lib/generate/mod.ts";
import { type Message, promptTokens } from "../../lib/model/mod.ts";
import { letterModel } from "./models.ts";

const model = letterModel();
const chat = (content: string): Message[] => [{ role: "user", content }];
const CHATS = [chat("who is there"), chat("who is here"), chat("a")];

/** Tokens go on to the end, so that what stops an answer is what a test asks for. */
async function freeTexts(): Promise<{ ids: number[]; text: string }[]> {
  await using sampler = await localSampler(model, { threads: 1 });
  const prompts = CHATS.map((messages) => promptTokens(model, messages));
  const answers = await sampler.generateTokens(prompts, { maxTokens: 30 });
  return answers.map(({ tokenIds }) => ({
    ids: tokenIds,
    text: model.tokenizer.decode(tokenIds, { skipSpecial: true }),
  }));
}

Deno.test("localSampler answers chats in their order, by the model's template", async () => {
  const free = await freeTexts();
  await using sampler = await localSampler(model, { threads: 1 });
  const named: Sampler = sampler;
  assertEquals(named.name, "letters");
  const answers = await sampler.generate(CHATS, { maxTokens: 30 });
  for (const [index, { text, tokenIds, logProbs, finish }] of answers.entries()) {
    const end = free[index].ids.indexOf(1);
    assertEquals(tokenIds, end < 0 ? free[index].ids : free[index].ids.slice(0, end + 1));
    assertEquals(text, model.tokenizer.decode(tokenIds, { skipSpecial: true }));
    assertEquals(logProbs.length, tokenIds.length);
    assertEquals(finish, end < 0 ? "length" : "stop");
  }
});

Deno.test("localSampler cuts stop strings, also those over several tokens", async () => {
  await using sampler = await localSampler(model, { threads: 1 });
  const options = { maxTokens: 30, temperature: 1, seed: 1 };
  const many = Array.from({ length: 10 }, () => CHATS[0]);
  const free = await sampler.generate(many, options);
  const longest = Math.max(...free.map(({ text }) => text.length));
  const stop = free.find(({ text }) => text.length === longest)!.text.slice(4, 7);
  assertEquals(stop.length, 3);
  const cut = await sampler.generate(many, { ...options, stop: ["never written", stop] });
  for (const [index, { text, tokenIds, finish }] of cut.entries()) {
    const at = free[index].text.indexOf(stop);
    assertEquals(text, at < 0 ? free[index].text : free[index].text.slice(0, at));
    assertEquals(tokenIds, at < 0 ? free[index].tokenIds : free[index].tokenIds.slice(0, at + 3));
    assertEquals(finish, at < 0 ? free[index].finish : "stop");
  }
});

Deno.test("localSampler stops promptly when it is aborted", async () => {
  await using sampler = await localSampler(model, { threads: 1 });
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(
    () => sampler.generate(CHATS, { maxTokens: 30, signal }),
    Error,
    "enough",
  );
});

Deno.test("localSampler warns once of prompts beyond the model's positions", async () => {
  const warnings: string[] = [];
  const log = { warn: (message: string) => void warnings.push(message) };
  await using sampler = await localSampler(model, { threads: 1, log });
  await sampler.generate([chat("b")], { maxTokens: 1 });
  assertEquals(warnings, []);
  await sampler.generate([chat("b".repeat(70)), chat("c".repeat(71))], { maxTokens: 1 });
  await sampler.generate([chat("b".repeat(80))], { maxTokens: 1 });
  assertEquals(warnings.length, 1);
  assert(warnings[0].includes("73 tokens") && warnings[0].includes("64"), warnings[0]);
});

Deno.test("localSampler computes with another RoPE base where one is given", async () => {
  const logProbs = async (ropeTheta?: number) => {
    await using sampler = await localSampler(model, { threads: 1, ropeTheta });
    return (await sampler.generate([CHATS[0]], { maxTokens: 3 }))[0].logProbs;
  };
  assertEquals(await logProbs(), await logProbs(10_000));
  assert((await logProbs(50)).join() !== (await logProbs()).join());
});

Deno.test("localSampler refuses what it cannot answer", async () => {
  await using sampler = await localSampler(model, { threads: 1 });
  await assertRejects(() => sampler.generate([[]], { maxTokens: 3 }), UserError);
  await assertRejects(
    () => sampler.generate(CHATS, { maxTokens: 3, stop: [""] }),
    UserError,
    "stop string is empty",
  );
});
