import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { pair } from "../../lib/data/pair.ts";
import { parsePair } from "../../lib/data/parse_pair.ts";
import { reference, type ReferenceOptions } from "../../lib/data/reference.ts";
import type { PairRecord } from "../../lib/data/record.ts";
import { type ReferenceIdentity, verifyReference } from "../../lib/data/reference_hash.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { chatModel } from "./chat_model.ts";
import { finishedDraft, PositionScorer } from "./pairs.ts";
import { runStage } from "./run_stage.ts";

const model = chatModel();
const identity = { fingerprint: "position", chatHash: "chatml", layout: "conversation" } as const;

async function pairedWith(options: Partial<ReferenceOptions>, draft = finishedDraft()) {
  const stage = pair({ reference: { scorer: new PositionScorer(), model, ...options } });
  return (await runStage(stage, [draft])).out[0];
}

Deno.test("pair makes a record of a finished draft", async () => {
  const { out, counts } = await runStage(pair(), [finishedDraft()]);
  const { turns, referenceHash, ...rest } = out[0];
  assertEquals(turns.length, 2);
  assertEquals(turns[1], { ...finishedDraft().turns[1], reference: {} } as typeof turns[1]);
  assertEquals(referenceHash, "");
  assertEquals(rest.long, finishedDraft().long);
  assertEquals(counts, { turns: 2 });
});

Deno.test("pair counts dropped turns by reason and drops a document without turns", async () => {
  const half = finishedDraft("half");
  half.turns[0].rejected = half.turns[0].chosen;
  const none = finishedDraft("none");
  none.turns[0].chosen = "";
  delete none.turns[1].rejected;
  const { out, dropped, counts } = await runStage(pair(), [half, none]);
  assertEquals(out.map(({ id, turns }) => [id, turns.length]), [["half", 1]]);
  assertEquals(dropped, [{ reason: "no turn left", record: none }]);
  assertEquals(counts, {
    "turns dropped: identical": 1,
    "turns dropped: empty": 1,
    "turns dropped: unanswered": 1,
    turns: 1,
  });
});

Deno.test("pair scores every turn alone on its short context", async () => {
  const scorer = new PositionScorer();
  const record = await pairedWith({ scorer });
  assertEquals(scorer.calls, [["sea, turn 1", "sea, turn 2"]]);
  const alone = finishedDraft();
  alone.turns = [alone.turns[1]];
  alone.long = "Another document.";
  const second = await pairedWith({}, alone);
  assertEquals(record.turns[1].reference, second.turns[0].reference);
  assertEquals(Object.keys(record.turns[0].reference), ["short"]);
  await verifyReference(record, identity);
});

Deno.test("pair scores the long context in the layout of training", async () => {
  const conversation = await pairedWith({ contexts: ["long"] });
  const independent = await pairedWith({ contexts: ["long"], layout: "independent" });
  assertEquals(conversation.turns[0].reference, independent.turns[0].reference);
  assertNotEquals(conversation.turns[1].reference, independent.turns[1].reference);
  assertEquals(conversation.turns[0].reference.short, undefined);
  await assertRejects(() => verifyReference(independent, identity), UserError);
  await verifyReference(independent, { ...identity, layout: "independent" });
});

Deno.test("pair with short = long scores both alike", async () => {
  const draft = finishedDraft();
  for (const turn of draft.turns) turn.short = draft.long;
  const record = await pairedWith({ contexts: ["short", "long"], layout: "independent" }, draft);
  for (const { reference } of record.turns) assertEquals(reference.short, reference.long);
});

Deno.test("verifyReference refuses another model, template or text and names the record", async () => {
  const record = await pairedWith({});
  const refused: [PairRecord, ReferenceIdentity][] = [
    [record, { ...identity, fingerprint: "other" }],
    [record, { ...identity, chatHash: "other" }],
    [{ ...record, turns: record.turns.slice(1) }, identity],
    [{ ...record, turns: record.turns.map((t) => ({ ...t, short: "x" })) }, identity],
  ];
  for (const [changed, expected] of refused) {
    await assertRejects(
      () => verifyReference(changed, expected),
      UserError,
      "Record sea (sea.txt) has reference log-probs of",
    );
  }
  const unscored = { ...record, referenceHash: "" };
  await assertRejects(() => verifyReference(unscored, identity), UserError, "no reference");
});

Deno.test("reference fills in what is missing and keeps what is there", async () => {
  const scorer = new PositionScorer();
  const record = await pairedWith({});
  const stage = reference({ scorer, model, contexts: ["short", "long"] });
  const { out, counts } = await runStage(stage, [record]);
  assertEquals(scorer.calls, [["sea"]]);
  assertEquals(counts["turns scored"], 2);
  assertEquals(out[0].turns[0].reference.short, record.turns[0].reference.short);
  assert(out[0].turns.every(({ reference }) => reference.long !== undefined));
  await verifyReference(out[0], identity);
  const again = await runStage(stage, out);
  assertEquals(again.out, out);
  assertEquals(scorer.calls.length, 1);
});

Deno.test("reference notes who scored, which is read back", async () => {
  const record = await pairedWith({});
  assertEquals(record.sampler.scorer, undefined);
  const scorer = Object.assign(new PositionScorer("other"), { name: "a judge" });
  const { out } = await runStage(reference({ scorer, model }), [record]);
  assertEquals(out[0].sampler, { ...record.sampler, scorer: "a judge" });
  assertEquals(parsePair(JSON.parse(JSON.stringify(out[0]))), out[0]);
});

Deno.test("reference computes anew what another model has computed", async () => {
  const record = await pairedWith({ contexts: ["short", "long"] });
  const scorer = new PositionScorer("other");
  const { out } = await runStage(reference({ scorer, model }), [record]);
  assertEquals(out[0].turns.map(({ reference }) => Object.keys(reference)), [["short"], ["short"]]);
  await verifyReference(out[0], { ...identity, fingerprint: "other" });
});

Deno.test("pair drops turns in whose chosen answer the model has too little confidence", async () => {
  const draft = finishedDraft();
  draft.turns[0].confidence = 0.4;
  draft.turns[1].confidence = 0.9;
  const { out, counts } = await runStage(pair({ minConfidence: 0.5 }), [draft]);
  assertEquals(out[0].turns.map(({ question }) => question), ["Who falls?"]);
  assertEquals(counts, { "turns dropped: unsure": 1, turns: 1 });
  const { out: [all] } = await runStage(pair(), [draft]);
  assertEquals(all.turns.length, 2);
});

Deno.test("reference lets pass what nobody reads log-probs of, whoever computed them", async () => {
  const record = await pairedWith({});
  const scorer = new PositionScorer("other");
  const stage = reference({ scorer, model, contexts: [], foreign: "refuse" });
  assertEquals((await runStage(stage, [record])).out, [record]);
  const asked = reference({ scorer, model, foreign: "refuse" });
  await assertRejects(() => runStage(asked, [record]), UserError, "has reference log-probs of");
});
