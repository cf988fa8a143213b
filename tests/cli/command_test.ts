import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  choice,
  command,
  commonFlags,
  inGroup,
  number,
  repeated,
  string,
  toggle,
  UsageError,
} from "../../lib/cli/mod.ts";

const train = command({
  name: "train",
  summary: "Trains a model on pairs",
  examples: ["deno run -P train.ts --model smol --rate 5e-7"],
  flags: {
    ...commonFlags,
    model: string({ summary: "Model to start from", value: "model", required: true }),
    out: string({ summary: "Where the result is written" }),
    rate: number({ summary: "Learning rate", min: 0, max: 1, default: 5e-7 }),
    offset: number({ summary: "Where to begin" }),
    maxTokens: number({ summary: "Longest answer", integer: true, min: 1, default: 256 }),
    objective: choice({ summary: "What is minimised", choices: ["longpo", "dpo"] }),
    warm: toggle({ summary: "Skip the warm-up", default: true }),
    dryRun: toggle({ summary: "Say what would be done" }),
    skip: repeated(string({ summary: "An id to leave out" })),
  },
});

function refused(...args: string[]): { message: string; hint?: string } {
  const { message, hint } = assertThrows(() => train.parse(["--model", "m", ...args]), UsageError);
  return { message, hint };
}

Deno.test("command reads every kind of flag and fills in the defaults", () => {
  const flags = train.parse(["--model", "smol", "--max-tokens=8", "--skip", "a", "--skip=b"]);
  assertEquals({ ...flags }, {
    model: "smol",
    documents: undefined,
    out: undefined,
    device: "auto",
    threads: 0,
    seed: 0,
    rate: 5e-7,
    offset: undefined,
    maxTokens: 8,
    objective: undefined,
    warm: true,
    dryRun: false,
    skip: ["a", "b"],
  });
  const objective: "longpo" | "dpo" | undefined = flags.objective;
  const model: string = flags.model;
  assertEquals([objective, model], [undefined, "smol"]);
});

Deno.test("command reads switches, both ways", () => {
  const { warm, dryRun } = train.parse(["--model", "m", "--no-warm", "--dry-run"]);
  assertEquals({ warm, dryRun }, { warm: false, dryRun: true });
  assertEquals(train.parse(["--model=m", "--warm=false"]).warm, false);
});

Deno.test("command takes values that begin with a minus", () => {
  const { offset, documents } = train.parse([
    "--offset",
    "-1.5",
    "--documents",
    "-",
    "--model",
    "m",
  ]);
  assertEquals({ offset, documents }, { offset: -1.5, documents: "-" });
});

Deno.test("command lets the last of two values hold", () => {
  assertEquals(train.parse(["--model", "a", "--model", "b"]).model, "b");
});

Deno.test("command names the nearest flag when one is unknown", () => {
  assertEquals(refused("--modl", "x"), {
    message: "Unknown flag --modl",
    hint: "Did you mean --model?",
  });
  assertEquals(refused("--maxtokens=3").hint, "Did you mean --max-tokens?");
  assertEquals(refused("--zzz").hint, "Run with --help to see every flag");
  assertEquals(refused("-x").message, "Unknown flag -x");
});

Deno.test("command names the flag, the value and what is allowed", () => {
  assertEquals(
    refused("--rate", "2").message,
    "Cannot use --rate: expected a number from 0 to 1, got '2'",
  );
  assertEquals(
    refused("--max-tokens", "1.5").message,
    "Cannot use --max-tokens: expected a whole number, 1 or more, got '1.5'",
  );
  assertEquals(
    refused("--offset", "ten").message,
    "Cannot use --offset: expected a number, got 'ten'",
  );
  assertEquals(
    refused("--device", "gpu").message,
    "Cannot use --device: expected one of auto, cpu, webgpu, cuda, got 'gpu'",
  );
  assertStringIncludes(refused("--warm=maybe").message, "it takes no value, got 'maybe'");
});

Deno.test("command says which value is missing", () => {
  assertEquals(
    assertThrows(() => train.parse([]), UsageError).message,
    "Missing --model <model>: Model to start from",
  );
  assertStringIncludes(refused("--out").message, "--out: expected text that is not empty");
  assertStringIncludes(refused("--out", "--seed", "1").message, "got nothing");
  assertEquals(refused("--out=").message, "Cannot use --out: its value is missing");
});

Deno.test("command refuses what is no flag", () => {
  assertStringIncludes(refused("books").message, "Cannot use 'books'");
  assertStringIncludes(refused("--", "--seed").message, "Cannot use '--seed'");
});

Deno.test("command shows flags, defaults, choices and examples in its help", () => {
  const help = train.help();
  for (
    const part of [
      "train: Trains a model on pairs",
      "--model <model>",
      "(required)",
      "--max-tokens <number>",
      "(default: 256)",
      "--objective <longpo|dpo>",
      "--no-warm",
      "--dry-run",
      "(may be repeated)",
      "-h, --help",
      "  deno run -P train.ts --model smol --rate 5e-7",
    ]
  ) assertStringIncludes(help, part);
  assertEquals(help.split("\n").filter((line) => line.length > 80), []);
});

Deno.test("command shows grouped flags under headings of their own, behind the others", () => {
  const own = inGroup("Answers", { length: number({ summary: "Most tokens" }) });
  const { seed, model } = commonFlags;
  const flags = { seed, ...own, model, other: { ...own.length, summary: "More" } };
  const help = command({ name: "ask", summary: "Asks", flags }).help();
  const starts = help.split("\n").map((line) => line.split(/ +</)[0]).filter((line) =>
    /\S/.test(line)
  );
  assertEquals(
    starts.filter((line) => /^( {2}--|\S.*:$)/.test(line)),
    ["Flags:", "  --seed", "  --model", "Answers:", "  --length", "  --other"],
  );
  assert(help.indexOf("--help") < help.indexOf("Answers:"));
});

Deno.test("command knows when the help is asked for", () => {
  assertEquals(["-h", "--help", "--seed"].map((arg) => train.asksForHelp([arg])), [
    true,
    true,
    false,
  ]);
});
