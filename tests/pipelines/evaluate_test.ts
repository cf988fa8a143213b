import { fail } from "./support/program.ts";

Deno.test("evaluate refuses flags that change nothing about its exam", async () => {
  // There is no such model: nobody has looked for it yet.
  const model = ["--model", "missing"];
  await fail("evaluate", [...model, "--short-tokens", "40"], [
    "Cannot use --short-tokens without --documents",
  ], 2);
  await fail("evaluate", [...model, "--temperature", "1"], ["Unknown flag --temperature"], 2);
});
