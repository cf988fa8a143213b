import { assertEquals } from "@std/assert";
import { toShareGpt } from "../../lib/data/to_sharegpt.ts";
import { toTrl } from "../../lib/data/to_trl.ts";
import { pairRecord } from "./pairs.ts";

const prompt = "Ahab walks. Pip falls. The sea rolls.\n\nWho falls?";

Deno.test("toTrl writes a row a turn, with an explicit prompt", () => {
  const rows = toTrl(pairRecord());
  assertEquals(rows.length, 2);
  assertEquals(rows[1], {
    prompt_id: "sea#2",
    prompt: [{ role: "user", content: prompt }],
    chosen: [{ role: "assistant", content: "It is Pip." }],
    rejected: [{ role: "assistant", content: "The sea rolls." }],
  });
});

Deno.test("toShareGpt writes a row a turn", () => {
  const rows = toShareGpt(pairRecord());
  assertEquals(rows.length, 2);
  assertEquals(rows[1], {
    id: "sea#2",
    conversations: [{ from: "human", value: prompt }],
    chosen: { from: "gpt", value: "It is Pip." },
    rejected: { from: "gpt", value: "The sea rolls." },
  });
});
