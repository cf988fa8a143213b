import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import type { DraftRecord } from "../../lib/data/record.ts";
import { sampleLong } from "../../lib/data/sample_long.ts";
import { sampleShort } from "../../lib/data/sample_short.ts";
import { promptTokens } from "../../lib/model/conversation.ts";
import { chatModel } from "./chat_model.ts";
import { RuleSampler } from "./rule_sampler.ts";
import { runStage } from "./run_stage.ts";
import { seaDocument } from "./sea.ts";

function draft(id = "sea"): DraftRecord {
  const { source, text } = seaDocument(id);
  const [ahab, queequeg, starbuck] = text.split("\n\n");
  return {
    id,
    source,
    long: text,
    turns: [
      { short: ahab, question: "Who lost a leg to the whale?" },
      { short: queequeg, question: "Where does Queequeg come from?" },
      { short: starbuck, question: "Whom does Starbuck think of?" },
    ],
  };
}

const sampling = { maxTokens: 50 };
const model = chatModel();

function promptSize(long: string, question: string): number {
  return promptTokens(model, [{ role: "user", content: `${long}\n\n${question}` }]).length;
}

Deno.test("sampleShort answers all turns of a document from their short contexts in one call", async () => {
  const sampler = new RuleSampler();
  const { out } = await runStage(sampleShort({ sampler, sampling }), [draft()]);
  assertEquals(sampler.calls.length, 1);
  assertEquals(sampler.calls[0][1], [
    { role: "user", content: `${draft().turns[1].short}\n\nWhere does Queequeg come from?` },
  ]);
  assertEquals(out[0].turns[0].chosen, "The whale has taken his leg.");
  assertEquals(out[0].turns.map(({ rejected }) => rejected), [undefined, undefined, undefined]);
  assertEquals(out[0].sampler?.parameters, { sampleShort: { sampler: "rules", maxTokens: 50 } });
});

Deno.test("sampleLong asks the same questions on the whole document", async () => {
  const sampler = new RuleSampler();
  const { out } = await runStage(sampleLong({ sampler, sampling }), [draft()]);
  assertEquals(
    sampler.calls[0].map(([{ content }]) => content),
    draft().turns.map(({ question }) => `${draft().long}\n\n${question}`),
  );
  assert(out[0].turns.every(({ rejected }) => rejected !== undefined));
  assertEquals(out[0].long, draft().long);
});

Deno.test("sampleShort depends on the seed and not on the order of documents", async () => {
  const drafts = ["a", "b", "c"].map(draft);
  const sampler = new RuleSampler();
  const stage = sampleShort({ sampler, sampling: { maxTokens: 50, temperature: 1 } });
  const forwards = await runStage(stage, drafts);
  const backwards = await runStage(stage, drafts.toReversed());
  assertEquals(backwards.out.toReversed(), forwards.out);
  const reseeded = await runStage(stage, drafts, { seed: 8 });
  assertNotEquals(reseeded.out, forwards.out);
});

Deno.test("sampleShort gives each document its own answers when several share a call", async () => {
  const drafts = ["a", "b", "c", "d", "e"].map(draft);
  const sampling = { maxTokens: 50, temperature: 1 };
  const alone = await runStage(sampleShort({ sampler: new RuleSampler(), sampling }), drafts);
  const sampler = new RuleSampler();
  const stage = sampleShort({ sampler, sampling, documentsPerCall: 2 });
  const together = await runStage(stage, drafts);
  assertEquals(together.out, alone.out);
  assertEquals(sampler.calls.map((call) => call.length), [6, 6, 3]);
});

Deno.test("sampleShort keeps answers that are there", async () => {
  const given = draft();
  given.turns[1].chosen = "An island.";
  const sampler = new RuleSampler();
  const stage = sampleShort({ sampler, sampling });
  const once = await runStage(stage, [given]);
  assertEquals(once.out[0].turns[1].chosen, "An island.");
  assertEquals(sampler.calls[0].length, 2);
  const twice = await runStage(stage, once.out);
  assertEquals(twice.out, once.out);
  assertEquals(sampler.calls.length, 1);
});

Deno.test("sampleShort counts answers that were cut", async () => {
  const stage = sampleShort({ sampler: new RuleSampler(), sampling: { maxTokens: 2 } });
  const { counts } = await runStage(stage, [draft()]);
  assertEquals(counts["answers cut at maxTokens"], 3);
  assertEquals(counts.answers, 3);
});

Deno.test("sampleLong shortens the document so that every question survives", async () => {
  for (const leaveOut of ["middle", "end"] as const) {
    const sampler = new RuleSampler();
    const stage = sampleLong({ sampler, sampling, maxPromptTokens: 200, model, leaveOut });
    const { out, counts, messages } = await runStage(stage, [draft()]);
    const { long, turns } = out[0];
    assertEquals(turns.length, 3);
    for (const [index, [{ content }]] of sampler.calls[0].entries()) {
      assertEquals(content, `${long}\n\n${draft().turns[index].question}`);
      assert(promptSize(long, turns[index].question!) <= 200);
    }
    assert(promptSize(long, turns[1].question!) > 160, "most of the room is used");
    assert(long.startsWith("Ahab"));
    assertEquals(long.endsWith("sharks."), leaveOut === "middle");
    assertEquals(counts["documents shortened"], 1);
    assert(messages[0].includes("sea") && messages[0].includes(leaveOut), messages[0]);
  }
});

Deno.test("sampleLong leaves a document that just fits as it is", async () => {
  const most = Math.max(
    ...draft().turns.map(({ question }) => promptSize(draft().long, question!)),
  );
  const options = { sampler: new RuleSampler(), sampling, model };
  const fits = await runStage(sampleLong({ ...options, maxPromptTokens: most }), [draft()]);
  assertEquals(fits.out[0].long, draft().long);
  assertEquals(fits.counts["documents shortened"], undefined);
  const cut = await runStage(sampleLong({ ...options, maxPromptTokens: most - 1 }), [draft()]);
  assertEquals(cut.counts["documents shortened"], 1);
});

Deno.test("sampleLong drops questions that leave no room for a document", async () => {
  const long = draft();
  long.turns[0].question = `${"very ".repeat(60)}long?`;
  const options = { sampler: new RuleSampler(), sampling, maxPromptTokens: 150, model };
  const some = await runStage(sampleLong(options), [long]);
  assertEquals(some.out[0].turns.map(({ question }) => question), [
    "Where does Queequeg come from?",
    "Whom does Starbuck think of?",
  ]);
  assertEquals(some.counts["turns dropped: question longer than the prompt"], 1);
  const none = await runStage(sampleLong({ ...options, maxPromptTokens: 10 }), [draft()]);
  assertEquals(none.out, []);
  assertEquals(none.dropped.map(({ reason }) => reason), ["no question fits in a prompt"]);
});

Deno.test("sampleLong refuses a limit that it cannot count", () => {
  assertThrows(
    () => sampleLong({ sampler: new RuleSampler(), sampling, maxPromptTokens: 9 }),
    TypeError,
    "without a model",
  );
});
