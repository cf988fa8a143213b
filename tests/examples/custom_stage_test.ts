import { assert, assertEquals } from "@std/assert";
import { pairRecord } from "../data/pairs.ts";

const program = "examples/custom_stage.ts";

Deno.test("the example of a custom stage is short, and keeps what it says", async () => {
  const lines = (await Deno.readTextFile(program)).trimEnd().split("\n");
  assert(lines.length <= 25, `${program} has ${lines.length} lines`);

  const kept = pairRecord("kept");
  kept.turns = kept.turns.map((turn) => ({ ...turn, chosen: turn.short }));
  const dropped = pairRecord("dropped");
  dropped.turns[0].chosen = "A whale does.";
  const folder = await Deno.makeTempDir();
  const file = `${folder}/pairs.jsonl`;
  await Deno.writeTextFile(file, [kept, dropped].map((row) => JSON.stringify(row)).join("\n"));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", program, file],
  }).output();
  await Deno.remove(folder, { recursive: true });

  const talk = new TextDecoder().decode(stderr);
  assertEquals(code, 0, talk);
  assertEquals(new TextDecoder().decode(stdout), `${JSON.stringify(kept)}\n`);
  assert(talk.includes("dropped 1: an answer does not stand in the text"), talk);
});
