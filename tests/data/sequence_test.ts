import { assert, assertEquals, assertThrows } from "@std/assert";
import { sequence } from "../../lib/data/sequence.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { promptTokens } from "../../lib/model/conversation.ts";
import type { TokenSequence } from "../../lib/model/mod.ts";
import { trunkLength } from "../../lib/model/row.ts";
import { chatModel } from "./chat_model.ts";
import { pairRecord } from "./pairs.ts";

const model = chatModel();
const record = pairRecord();

function read({ ids }: TokenSequence): string {
  return model.tokenizer.decode(ids);
}

/** What the tokens of a turn say. */
function readTurn({ ids, turnOf }: TokenSequence, turn: number): string {
  return model.tokenizer.decode(ids.filter((_, index) => turnOf[index] === turn));
}

function readNll({ ids, inNll }: TokenSequence): string {
  return model.tokenizer.decode(ids.filter((_, index) => inNll[index]));
}

Deno.test("sequence holds all turns in one conversation with its own history", () => {
  const { id, sequences } = sequence(model, record);
  assertEquals(id, "sea");
  assertEquals(sequences.map(({ side }) => side), ["chosen", "rejected"]);
  assertEquals(
    read(sequences[1]),
    "<s><|im_start|>user\nAhab walks. Pip falls. The sea rolls.\n\nWho walks?<|im_end|>\n" +
      "<|im_start|>assistant\nPip does.<|im_end|>\n<|im_start|>user\nWho falls?<|im_end|>\n" +
      "<|im_start|>assistant\nThe sea rolls.<|im_end|>\n",
  );
  assertEquals(readTurn(sequences[0], 0), "Ahab walks.<|im_end|>");
  assertEquals(readTurn(sequences[0], 1), "It is Pip.<|im_end|>");
  assertEquals(readTurn(sequences[1], 1), "The sea rolls.<|im_end|>");
});

Deno.test("sequence makes a conversation a turn when turns are independent", () => {
  const { sequences } = sequence(model, record, { layout: "independent" });
  assertEquals(sequences.map(({ side }) => side), ["chosen", "rejected", "chosen", "rejected"]);
  assertEquals(
    read(sequences[2]),
    "<s><|im_start|>user\nAhab walks. Pip falls. The sea rolls.\n\nWho falls?<|im_end|>\n" +
      "<|im_start|>assistant\nIt is Pip.<|im_end|>\n",
  );
  assertEquals(readTurn(sequences[2], 1), "It is Pip.<|im_end|>");
  assertEquals(readTurn(sequences[3], 1), "The sea rolls.<|im_end|>");
  assertEquals(readTurn(sequences[3], 0), "");
});

Deno.test("sequence is the same in both layouts where there is one turn", () => {
  const one = { ...record, turns: record.turns.slice(0, 1) };
  assertEquals(
    sequence(model, one, { layout: "independent" }),
    sequence(model, one, { layout: "conversation" }),
  );
});

Deno.test("sequence begins with the prompt that answers were sampled on, and one BOS", () => {
  const prompt = promptTokens(model, [
    { role: "user", content: `${record.long}\n\n${record.turns[0].question}` },
  ]);
  for (const { ids } of sequence(model, record).sequences) {
    assertEquals(ids.slice(0, prompt.length), prompt);
    assertEquals(ids.filter((token) => token === model.tokenizer.bosTokenId).length, 1);
  }
  assertEquals(trunkLength(sequence(model, record).sequences), prompt.length);
});

Deno.test("sequence marks the tokens of the NLL on the chosen side only", () => {
  const marked = (nll: "all" | "no_template" | "answers" | "none"): string[] =>
    sequence(model, record, { nll }).sequences.map(readNll);
  assertEquals(marked("all"), [read(sequence(model, record).sequences[0]), ""]);
  assertEquals(marked("no_template"), [
    "Ahab walks. Pip falls. The sea rolls.\n\nWho walks?Ahab walks.Who falls?It is Pip.",
    "",
  ]);
  assertEquals(marked("answers"), ["Ahab walks.<|im_end|>It is Pip.<|im_end|>", ""]);
  assertEquals(marked("none"), ["", ""]);
});

Deno.test("sequence takes the reference that is asked for", () => {
  const { referenceChosen, referenceRejected } = sequence(model, record);
  assertEquals(referenceChosen, [-1, -2]);
  assertEquals(referenceRejected, [-10, -11]);
  assertEquals(sequence(model, record, { reference: "none" }).referenceChosen, []);
  assertThrows(
    () => sequence(model, record, { reference: "long" }),
    UserError,
    "Record sea, turn 1: no reference log-probs on the long context",
  );
});

Deno.test("sequence does not read the short context", () => {
  const other = { ...record, turns: record.turns.map((turn) => ({ ...turn, short: "Else." })) };
  assertEquals(sequence(model, other), sequence(model, record));
  assert(!read(sequence(model, other).sequences[0]).includes("Else."));
});
