import { assert, assertEquals, assertRejects } from "@std/assert";
import { answersMatch, type EvaluationItem, recall } from "@longpo/longpo/evaluate";
import type { Sampler, SamplingOptions } from "@longpo/longpo/generate";

/** Reads "The KEY is VALUE." in what it sees, but only the last `window` characters of it. */
function reader(window: number, calls: { prompts: number; options: SamplingOptions }[]): Sampler {
  return {
    name: "reader",
    generate(conversations, options) {
      calls.push({ prompts: conversations.length, options });
      return Promise.resolve(conversations.map((messages) => {
        const [context, question] = messages[0].content.split("\n\n");
        const key = question.match(/(\w+)\?$/)?.[1];
        const text = context.slice(-window).match(new RegExp(`The ${key} is (\\w+)\\.`))?.[1] ??
          "no";
        return { text, tokenIds: [], logProbs: [], finish: text === "no" ? "length" : "stop" };
      }));
    },
  };
}

const context = "The door is red. The roof is blue. The gate is grey. The wall is pink.";
const items: EvaluationItem[] = ["door red", "roof blue", "gate grey", "wall pink"].map(
  (fact, i) => {
    const [key, value] = fact.split(" ");
    return { context, question: `What is the ${key}?`, answer: `${value}.`, position: i / 4 };
  },
);

Deno.test("recall counts right answers, with their standard error", async () => {
  const found = await recall({ sampler: reader(36, []), items });
  assertEquals([found.recall, found.n, found.standardError], [0.5, 4, 0.25]);
  assertEquals(found.unended, 2);
});

Deno.test("recall tells apart where in the context the answer stands", async () => {
  const found = await recall({ sampler: reader(36, []), items, buckets: 2 });
  assertEquals(found.byPosition.map(({ recall, n }) => [recall, n]), [[0, 2], [1, 2]]);
});

Deno.test("recall asks greedily and once a context", async () => {
  const calls: { prompts: number; options: SamplingOptions }[] = [];
  const other = { context: "The sea is calm.", question: "What is the sea?", answer: "calm" };
  await recall({ sampler: reader(99, calls), items: [items[0], other, ...items.slice(1)] });
  assertEquals(calls.map(({ prompts }) => prompts), [4, 1]);
  assert(calls.every(({ options }) => options.temperature === 0));
});

Deno.test("recall of nothing is no number", async () => {
  const found = await recall({ sampler: reader(9, []), items: [] });
  assertEquals([found.recall, found.n], [NaN, 0]);
});

Deno.test("recall stops when it is told to", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => recall({ sampler: reader(9, []), items, signal }), Error, "enough");
});

Deno.test("answersMatch looks past case, space, quotes and the final mark only", () => {
  assert(answersMatch("  “Oslo”. ", "oslo"));
  assert(answersMatch("New\n York", "new york."));
  assert(!answersMatch("Oslo, I think", "Oslo"));
  assert(!answersMatch("", "Oslo"));
});
