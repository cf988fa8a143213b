import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { TokenSampler } from "../../lib/generate/mod.ts";
import { checkLoopRounds, endsInLoop } from "../../lib/generate/loops.ts";
import { smallLlama } from "./models.ts";

const times = (count: number, ...tokens: number[]) =>
  Array.from({ length: count }, () => tokens).flat();

Deno.test("endsInLoop finds a passage that comes so many times in a row", () => {
  assert(endsInLoop([9, 8, ...times(4, 1, 2, 3, 4, 5, 6, 7)], 4));
  assertFalse(endsInLoop([9, 8, ...times(3, 1, 2, 3, 4, 5, 6, 7)], 4));
  assert(endsInLoop([9, 8, ...times(3, 1, 2, 3, 4, 5, 6, 7, 8)], 3));
});

Deno.test("endsInLoop finds a loop wherever in its passage the tokens end", () => {
  assert(endsInLoop([...times(4, 1, 2, 3, 4, 5, 6, 7), 1, 2, 3], 4));
});

Deno.test("endsInLoop takes short repeats for none, and those before the end", () => {
  assertFalse(endsInLoop([1, 2, ...times(23, 7)], 4));
  assert(endsInLoop([1, 2, ...times(24, 7)], 4));
  assertFalse(endsInLoop([...times(24, 7), 1], 4));
  assertFalse(endsInLoop(times(100, 7), 0));
  assertFalse(endsInLoop([], 2));
});

Deno.test("checkLoopRounds refuses what is no loop", () => {
  checkLoopRounds();
  checkLoopRounds(0);
  checkLoopRounds(2);
  for (const rounds of [1, -3, 2.5, NaN]) {
    assertThrows(() => checkLoopRounds(rounds), UserError, String(rounds));
  }
});

Deno.test("TokenSampler ends an answer in a loop and lets the others go on", async () => {
  const { config, parameters } = await smallLlama();
  await using sampler = await TokenSampler.open(config, parameters, { threads: 1 });
  const prompts = Array.from({ length: 12 }, (_, at) => [at, 2 * at, 47 - at]);
  const free = await sampler.generate(prompts, { maxTokens: 150 });
  const guarded = await sampler.generate(prompts, { maxTokens: 150, loopRounds: 3 });
  for (const [index, { tokenIds, finish }] of guarded.entries()) {
    assertEquals(tokenIds, free[index].tokenIds.slice(0, tokenIds.length));
    const loop = free[index].tokenIds.findIndex((_, at) =>
      endsInLoop(free[index].tokenIds.slice(0, at + 1), 3)
    );
    const isLoop = loop >= 0 && loop < 149;
    assertEquals(finish, isLoop ? "loop" : "length");
    assertEquals(tokenIds.length, isLoop ? loop + 1 : 150);
  }
  assert(guarded.some(({ finish }) => finish === "loop"));
});
