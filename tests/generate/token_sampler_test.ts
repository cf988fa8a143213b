import { assert, assertEquals, assertRejects } from "@std/assert";
import { Random, UserError } from "../../lib/flow/mod.ts";
import { TokenSampler } from "../../lib/generate/mod.ts";
import { packRow, RowForward } from "../../lib/model/mod.ts";
import { denseAnswer, distance, smallLlama } from "./models.ts";

const { config, parameters, dense } = await smallLlama();
const random = new Random(11);
const tokens = (count: number) => Array.from({ length: count }, () => random.int(config.vocabSize));

/** Two documents with questions, a short prompt alone, and a prompt twice. */
const [first, second, alone] = [tokens(40), tokens(25), tokens(5)];
const PROMPTS: readonly (readonly number[])[] = [
  [...first, ...tokens(4)],
  [...first, ...tokens(1)],
  [...first, ...tokens(7)],
  alone,
  [...second, ...tokens(3)],
  [...second, ...tokens(3)],
  alone,
];
const GREEDY = { maxTokens: 10 };

function open(options = {}): Promise<TokenSampler> {
  return TokenSampler.open(config, parameters, { threads: 1, ...options });
}

Deno.test("TokenSampler writes what a dense model without a cache writes", async () => {
  await using sampler = await open();
  const answers = await sampler.generate(PROMPTS, GREEDY);
  for (const [index, { tokenIds, logProbs, finish }] of answers.entries()) {
    const expected = denseAnswer(dense, PROMPTS[index], GREEDY.maxTokens);
    assertEquals(tokenIds, expected.tokenIds);
    assert(distance(logProbs, expected.logProbs) < 1e-4);
    assertEquals(finish, "length");
  }
});

Deno.test("TokenSampler writes the same in a batch as alone, shared or not, in pieces or whole", async () => {
  await using whole = await open();
  const expected = await whole.generate(PROMPTS, GREEDY);
  const variants = [
    { prefillTokens: 3 },
    { prefillTokens: 1, batchTokens: 1 },
    { batchTokens: 1 },
    { batchTokens: 50, branchTokens: 1 },
  ];
  for (const options of variants) {
    await using sampler = await open(options);
    const answers = await sampler.generate(PROMPTS, GREEDY);
    assertEquals(answers.map((a) => a.tokenIds), expected.map((a) => a.tokenIds));
    answers.forEach((a, at) => assert(distance(a.logProbs, expected[at].logProbs) < 1e-4));
  }
  for (const [index, prompt] of PROMPTS.entries()) {
    const [answer] = await whole.generate([prompt], GREEDY);
    assertEquals(answer.tokenIds, expected[index].tokenIds);
    assert(distance(answer.logProbs, expected[index].logProbs) < 1e-4);
  }
});

Deno.test("TokenSampler's log-probs are those of RowForward for the same tokens", async () => {
  await using sampler = await open();
  await using forward = await RowForward.open(config, { threads: 1 });
  const answers = await sampler.generate(PROMPTS, { maxTokens: 8, temperature: 1, seed: 3 });
  for (const [index, prompt] of PROMPTS.entries()) {
    const ids = [...prompt, ...answers[index].tokenIds];
    const turnOf = ids.map((_, at) => at < prompt.length ? -1 : 0);
    const sequence = { side: "chosen" as const, ids, turnOf, inNll: ids.map(() => false) };
    const document = { id: "", sequences: [sequence], referenceChosen: [], referenceRejected: [] };
    const expected = await forward.logProbs(parameters, packRow([document]));
    assert(distance(answers[index].logProbs, expected) < 1e-4);
  }
});

Deno.test("TokenSampler repeats itself with a seed, whoever shares the batch", async () => {
  await using sampler = await open();
  const options = { maxTokens: 12, temperature: 1, seed: 5 };
  const texts = async (prompts: typeof PROMPTS, seed = 5) =>
    (await sampler.generate(prompts, { ...options, seed })).map(({ tokenIds }) => tokenIds);
  const together = await texts(PROMPTS);
  assertEquals(await texts(PROMPTS), together);
  assertEquals(await texts(PROMPTS.slice(4, 5)), together.slice(4, 5));
  assertEquals(await texts(PROMPTS.slice(1, 4)), together.slice(1, 4));
  assert((await texts(PROMPTS, 6)).join() !== together.join());
});

Deno.test("TokenSampler answers a prompt that comes twice in two ways", async () => {
  await using sampler = await open();
  const [one, other] = await sampler.generate([alone, alone], {
    maxTokens: 12,
    temperature: 1,
  });
  assert(one.tokenIds.join() !== other.tokenIds.join());
});

Deno.test("TokenSampler ends answers at end tokens, each for itself", async () => {
  await using sampler = await open();
  const free = await sampler.generate(PROMPTS, GREEDY);
  const end = free[0].tokenIds[3];
  const answers = await sampler.generate(PROMPTS, { ...GREEDY, endTokenIds: [end] });
  for (const [index, { tokenIds, logProbs, finish }] of answers.entries()) {
    const at = free[index].tokenIds.indexOf(end);
    assertEquals(tokenIds, at < 0 ? free[index].tokenIds : free[index].tokenIds.slice(0, at + 1));
    assertEquals(logProbs.length, tokenIds.length);
    assertEquals(finish, at < 0 ? "length" : "stop");
  }
});

Deno.test("TokenSampler writes with the weights as they are at each call", async () => {
  const own = new Map([...parameters].map(([name, p]) => [name, { ...p, data: p.data.slice() }]));
  await using sampler = await TokenSampler.open(config, own, { threads: 1 });
  const before = await sampler.generate([alone], GREEDY);
  for (const { data } of own.values()) data.forEach((x, at) => data[at] = -x);
  const after = await sampler.generate([alone], GREEDY);
  assert(distance(after[0].logProbs, before[0].logProbs) > 1e-3);
});

Deno.test("TokenSampler stops between tokens when it is aborted, and goes on after that", async () => {
  await using sampler = await open();
  const controller = new AbortController();
  let asked = 0;
  const isFinished = () => {
    if (++asked === 3) controller.abort(new Error("enough"));
    return false;
  };
  const { signal } = controller;
  await assertRejects(
    () => sampler.generate([alone], { maxTokens: 1000, isFinished, signal }),
    Error,
    "enough",
  );
  assertEquals(asked, 3);
  await assertRejects(() => sampler.generate([alone], { ...GREEDY, signal }), Error, "enough");
  assertEquals((await sampler.generate([alone], GREEDY)).length, 1);
});

Deno.test("TokenSampler hears timers while it writes", async () => {
  await using sampler = await open();
  const signal = AbortSignal.timeout(20);
  await assertRejects(
    () => sampler.generate([alone], { maxTokens: 1_000_000, signal }),
    DOMException,
    "timeout",
  );
});

Deno.test("TokenSampler's calls take turns and disposal waits for them", async () => {
  const sampler = await open();
  const calls = [sampler.generate(PROMPTS, GREEDY), sampler.generate([alone], GREEDY)];
  await sampler[Symbol.asyncDispose]();
  const [[, , , expected], [answer]] = await Promise.all(calls);
  assertEquals(answer.tokenIds, expected.tokenIds);
});

Deno.test("TokenSampler counts what it did", async () => {
  await using sampler = await open();
  await sampler.generate(PROMPTS, GREEDY);
  const { stats } = sampler;
  assertEquals(stats.promptTokens, PROMPTS.flat().length);
  const shared = 2 * first.length + second.length;
  assertEquals(stats.computedPromptTokens, stats.promptTokens - shared);
  assertEquals(stats.newTokens, 10 * PROMPTS.length);
  assert(stats.prefillSeconds > 0 && stats.decodeSeconds > 0);
  assert(stats.secondsToFirstToken > 0);
});

Deno.test("TokenSampler answers nothing with nothing and refuses what it cannot use", async () => {
  await using sampler = await open();
  assertEquals(await sampler.generate([], GREEDY), []);
  const refused = (prompts: number[][], options: object, message: string) =>
    assertRejects(
      () => sampler.generate(prompts, { ...GREEDY, ...options }),
      UserError,
      message,
    );
  await refused([[1], []], {}, "Prompt 2 is empty");
  await refused([[1, 48]], {}, "Prompt 1 holds 48");
  await refused([[1.5]], {}, "Prompt 1 holds 1.5");
  await refused([[1]], { maxTokens: 0 }, "maxTokens");
  await refused([[1]], { topP: 2 }, "topP");
});

Deno.test("TokenSampler refuses to compute nothing at once", async () => {
  await assertRejects(
    () => open({ prefillTokens: 0 }),
    RangeError,
    "prefillTokens must be at least",
  );
});
