import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { pairRecord } from "../data/pairs.ts";

const program = "examples/custom_stage.ts";

async function runProgram(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", program, ...args],
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

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
  const { code, stdout, stderr } = await runProgram(file);
  await Deno.remove(folder, { recursive: true });

  assertEquals(code, 0, stderr);
  assertEquals(stdout, `${JSON.stringify(kept)}\n`);
  assertStringIncludes(stderr, "dropped 1: an answer does not stand in the text");
});

Deno.test("the example of a custom stage says that nothing came in", async () => {
  const { code, stderr } = await runProgram();
  const said = "error: Stage readPairs failed: There is no pair in stdin\n";
  assertEquals({ code, stderr }, { code: 1, stderr: said });
});
