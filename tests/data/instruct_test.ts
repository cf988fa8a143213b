import { assert, assertEquals } from "@std/assert";
import { instruct } from "../../lib/data/instruct.ts";
import type { DraftRecord } from "../../lib/data/record.ts";
import { RuleSampler } from "./rule_sampler.ts";
import { runStage } from "./run_stage.ts";

function draft(id: string, ...shorts: string[]): DraftRecord {
  return {
    id,
    source: `${id}.txt`,
    long: shorts.join("\n\n"),
    turns: shorts.map((short) => ({ short })),
  };
}

const sampling = { maxTokens: 60, temperature: 0.7 };

Deno.test("instruct writes a question on every short context", async () => {
  const sampler = new RuleSampler();
  const stage = instruct({ sampler, sampling, asked: 2 });
  const { out } = await runStage(stage, [draft("a", "Ahab met Pip.", "Only Starbuck slept.")]);
  assertEquals(sampler.calls.length, 1);
  assertEquals(sampler.calls[0].length, 2);
  const [first, second] = out[0].turns.map(({ question }) => question!);
  assert(["What about Ahab here?", "What about Pip here?"].includes(first), first);
  assert(["What about Only here?", "What about Starbuck here?"].includes(second), second);
  assertEquals(out[0].sampler, {
    name: "rules",
    seed: 7,
    parameters: { instruct: { sampler: "rules", maxTokens: 60, temperature: 0.7 } },
  });
});

Deno.test("instruct does not depend on the order of documents", async () => {
  const drafts = ["a", "b", "c", "d"].map((id) => draft(id, "Ahab met Pip and Stubb and Flask."));
  const stage = instruct({ sampler: new RuleSampler(), sampling });
  const forwards = await runStage(stage, drafts);
  const backwards = await runStage(stage, drafts.toReversed());
  assertEquals(backwards.out.toReversed(), forwards.out);
  assert(new Set(forwards.out.map(({ turns }) => turns[0].question)).size > 1);
});

Deno.test("instruct keeps questions that are there and drops doubles", async () => {
  const sampler = new RuleSampler();
  const given: DraftRecord = {
    ...draft("a"),
    turns: [
      { short: "Ahab came.", question: "Who came?" },
      { short: "He left.", question: "  who  CAME?" },
      { short: "Pip.", question: "What about Pip here?" },
      { short: "Pip fell." },
    ],
  };
  const { out, counts } = await runStage(instruct({ sampler, sampling }), [given]);
  assertEquals(out[0].turns.map(({ question }) => question), ["Who came?", "What about Pip here?"]);
  assertEquals(counts["turns dropped: question asked before"], 1);
  assertEquals(counts["turns dropped: no usable question"], 1);
  assertEquals(sampler.calls[0].length, 1);
});

Deno.test("instruct makes several turns of a short context on demand", async () => {
  const stage = instruct({ sampler: new RuleSampler(), sampling, perShort: 3 });
  const { out, counts } = await runStage(stage, [
    draft("a", "Ahab met Pip and Stubb."),
    draft("b", "Ahab met Pip."),
  ]);
  assertEquals(out.map(({ turns }) => turns.length), [3, 2]);
  assertEquals(counts["turns dropped: no usable question"], 1);
});

Deno.test("instruct gives turns of the same short context different questions", async () => {
  const sampler = new RuleSampler();
  const { out } = await runStage(instruct({ sampler, sampling }), [
    draft("a", "Ahab met Pip and Stubb.", "Ahab met Pip and Stubb."),
  ]);
  assertEquals(sampler.calls[0].length, 1);
  assertEquals(new Set(out[0].turns.map(({ question }) => question)).size, 2);
});

Deno.test("instruct drops a document without a usable question", async () => {
  const { out, dropped, counts } = await runStage(
    instruct({ sampler: new RuleSampler(), sampling }),
    [
      draft("a", "no names here"),
    ],
  );
  assertEquals(out, []);
  assertEquals(dropped.map(({ reason }) => reason), ["no usable question"]);
  assertEquals(counts["turns dropped: no usable question"], 1);
});

Deno.test("instruct leaves out a question that was cut off", async () => {
  const stage = instruct({ sampler: new RuleSampler(), sampling: { maxTokens: 8 }, perShort: 2 });
  const { out, counts } = await runStage(stage, [draft("a", "Ahab met Pip.")]);
  assertEquals(out[0].turns.map(({ question }) => question), ["What about Ahab here?"]);
  assertEquals(counts["answers cut at maxTokens"], 1);
});
