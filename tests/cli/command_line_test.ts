import { assertEquals } from "@std/assert";
import { commandLine } from "../../lib/cli/mod.ts";

Deno.test("commandLine gives back what a shell was told", async () => {
  const args = [
    "--model",
    "org/name@main",
    "--lora",
    "r=1,alpha=2",
    "--out",
    "it's here",
    "",
    "$x",
  ];
  const line = commandLine("train", args);
  assertEquals(
    line,
    "deno run -A pipelines/train.ts --model org/name@main --lora r=1,alpha=2 " +
      `--out 'it'\\''s here' '' '$x'`,
  );
  const words = line.slice(line.indexOf("--model"));
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `printf '%s\\n' ${words}`] })
    .output();
  assertEquals(new TextDecoder().decode(stdout).split("\n").slice(0, -1), args);
});
