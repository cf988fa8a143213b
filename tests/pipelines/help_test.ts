import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { paperRecipe } from "../../lib/cli/mod.ts";
import { run, succeed } from "./support/program.ts";
import { worldRecipe } from "../../pipelines/world_recipe.ts";

const names = ["pairs", "train", "longpo", "evaluate", "pretrain", "plan"];

/** A flag's entry in a help, on one line. */
function entry(help: string, flag: string): string {
  const lines = help.split("\n");
  const first = lines.findIndex((line) => line.startsWith(`  ${flag} `));
  assert(first >= 0, `no ${flag} in:\n${help}`);
  const rest = lines.slice(first + 1);
  const last = rest.findIndex((line) => !/^ {8}/.test(line));
  return [lines[first], ...rest.slice(0, last)].map((line) => line.trim()).join(" ");
}

Deno.test("pipelines explain themselves, with examples of their own and a default for each number", async () => {
  const helps = await Promise.all(names.map((name) => succeed(name, "--help")));
  for (const [at, { stdout, stderr }] of helps.entries()) {
    const name = names[at];
    assertEquals(stderr, "");
    assertMatch(stdout, new RegExp(`^${name}: [A-Z][^.]+\n\nFlags:\n`));
    const examples = stdout.slice(stdout.indexOf("Examples:")).trim().split("\n").slice(1);
    assert(examples.length > 0 && examples.every((line) => line.includes(`pipelines/${name}.ts`)));
    for (const [, flag] of stdout.matchAll(/^ {2}(--[a-z-]+ <number>)/gm)) {
      assertStringIncludes(entry(stdout, flag), "default: ", `${name} ${flag}`);
    }
  }
});

Deno.test("examples of the help have flags that there are", async () => {
  const { stdout } = await succeed("longpo", "--help");
  const others = await Promise.all(["pairs", "train", "evaluate"].map((n) => succeed(n, "--help")));
  for (const help of [stdout, ...others.map((other) => other.stdout)]) {
    const [flags, examples] = help.split("Examples:");
    const own = examples.split("\n").filter((line) => !line.includes("|")).join("\n");
    for (const [flag] of own.matchAll(/--[a-z-]+/g)) assertStringIncludes(flags, `  ${flag} `);
  }
});

Deno.test("the help says the numbers of both recipes where they differ", async () => {
  const { stdout } = await succeed("longpo", "--help");
  const { shortTokens, learningRate, warmup } = paperRecipe;
  for (
    const [flag, says] of [
      [
        "--short-tokens",
        `(default: ${shortTokens}; ${worldRecipe.shortTokens} with the embedded model)`,
      ],
      [
        "--learning-rate",
        `(default: ${learningRate}; ${worldRecipe.learningRate} with the embedded model)`,
      ],
      ["--warmup", `(default: ${warmup})`],
      ["--rope-theta", "default: the model's own; "],
      ["--steps", "(default: what the epochs take)"],
    ]
  ) assertStringIncludes(entry(stdout, flag), says);
});

Deno.test("the help of longpo says what the rows of its report are", async () => {
  const { stdout } = await succeed("longpo", "--help");
  const note = stdout.slice(stdout.indexOf("The exam's rows"), stdout.indexOf("Examples:"));
  for (const row of ["original", "before", "after"]) assertStringIncludes(note, `${row} is `);
});

Deno.test("pipelines refuse unknown flags and name the nearest", async () => {
  const wrong = [["pairs", "--short-token", "--short-tokens"], ["train", "--betta", "--beta"]];
  await Promise.all(wrong.map(async ([name, flag, nearest]) => {
    const { code, stdout, stderr } = await run(name, flag, "3");
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertEquals(stderr, `error: Unknown flag ${flag}\nhint: Did you mean ${nearest}?\n`);
  }));
});
