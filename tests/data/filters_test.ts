import { assertEquals } from "@std/assert";
import { DEFAULT_FILTERS, reasonToDrop, type TurnFilterName } from "../../lib/data/filters.ts";

const good = "Ahab hunts the whale because it has taken his leg.";

function reason(chosen: string, rejected: string, names?: TurnFilterName[]): string | undefined {
  return reasonToDrop({ short: "", question: "", chosen, rejected }, names);
}

Deno.test("reasonToDrop keeps answers that differ", () => {
  assertEquals(reason(good, "He hunts it for money."), undefined);
  assertEquals(reason("Pip", "42"), undefined);
});

Deno.test("reasonToDrop names empty answers on either side", () => {
  assertEquals(reason("", good), "empty");
  assertEquals(reason(good, " \n...\n"), "empty");
});

Deno.test("reasonToDrop names answers that differ in white space only", () => {
  assertEquals(reason(good, ` ${good.replaceAll(" ", "\n ")}`), "identical");
});

Deno.test("reasonToDrop names refusals", () => {
  assertEquals(reason(good, "I’m sorry, I cannot\nanswer that."), "refusal");
  assertEquals(reason("As an AI, I have no leg.", good), "refusal");
});

Deno.test("reasonToDrop names answers that end in a loop", () => {
  const loop = `${good} ${"and the sea rolls on ".repeat(4)}`;
  assertEquals(reason(good, loop), "repetition");
  assertEquals(reason("call me call me call me", good), "repetition");
  assertEquals(reason(good, "海很大。海很大。海很大。海很大。海很大。"), "repetition");
  assertEquals(reason(good, `${good} Well, well, well.`), undefined);
});

Deno.test("reasonToDrop is stricter on repeated words in the chosen answer", () => {
  // 24 of 26 words occur more than once: a share of 0.92, in no loop.
  const half = "one two three four five six seven eight nine ten eleven twelve".split(" ");
  const words = [...half, ...half.toReversed(), "whale", "ship"].join(" ");
  assertEquals(reason(words, good), "repetition");
  assertEquals(reason(good, words), undefined);
});

Deno.test("reasonToDrop knows brief answers, but only when asked", () => {
  assertEquals(reason("Pip", good, ["brief"]), "brief");
  assertEquals(reason("Pip fell", good, ["brief"]), undefined);
  assertEquals(DEFAULT_FILTERS.includes("brief"), false);
});

Deno.test("ungrounded drops a question none of whose telling words stands in the text", () => {
  const asked = (short: string, question: string) =>
    reasonToDrop({ short, question, chosen: "Oslo.", rejected: "Rome." }, ["ungrounded"]);
  assertEquals(asked("The lantern is in Oslo.", "Where is the lantern?"), undefined);
  assertEquals(asked("The lantern is in Oslo.", "Where is the kettle?"), "ungrounded");
  assertEquals(asked("The lantern is in Oslo.", "And so?"), undefined);
  assertEquals(asked("鲸鱼在海里。", "鲸鱼在哪里？"), undefined);
  assertEquals(asked("鲸鱼在海里。", "灯笼？"), "ungrounded");
});
