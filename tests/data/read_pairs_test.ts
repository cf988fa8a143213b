import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { epochs } from "../../lib/data/epochs.ts";
import { parsePair } from "../../lib/data/parse_pair.ts";
import { readPairs } from "../../lib/data/read_pairs.ts";
import type { PairRecord } from "../../lib/data/record.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { pairRecord } from "./pairs.ts";
import { runSource } from "./run_stage.ts";

async function withFile(text: string, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".jsonl" });
  try {
    await Deno.writeTextFile(path, text);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

/** The record without, or with another, value at a path such as `turns.0.chosen`. */
function altered(path: string, value?: unknown): unknown {
  const record = structuredClone(pairRecord()) as unknown as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop()!;
  const holder = names.reduce((at, name) => at[name] as Record<string, unknown>, record);
  holder[last] = value;
  return JSON.parse(JSON.stringify(record));
}

Deno.test("parsePair gives back what was written", () => {
  assertEquals(parsePair(JSON.parse(JSON.stringify(pairRecord()))), pairRecord());
});

Deno.test("parsePair fills in what pairs of other programs lack", () => {
  const turn = { short: "s", question: "q", chosen: "c", rejected: "r" };
  const expected: PairRecord = {
    id: "a",
    source: "",
    long: "l",
    turns: [{ ...turn, reference: {} }],
    sampler: { name: "", seed: 0, parameters: {} },
    referenceHash: "",
  };
  assertEquals(parsePair({ id: "a", long: "l", turns: [turn], more: 1 }), expected);
});

Deno.test("parsePair names the field that is wrong", () => {
  const wrong: [string, unknown, string][] = [
    ["id", undefined, "id must be a string; it is missing"],
    ["id", "", "id is an empty string"],
    ["long", null, "long must be a string; it is null"],
    ["turns", [], "turns is an empty list"],
    ["turns", {}, "turns must be a list; it is a value of type object"],
    ["turns.1.chosen", 4, "turns[1].chosen must be a string; it is a value of type number"],
    ["turns.0.reference.short.chosen", "x", "turns[0].reference.short.chosen must be a finite"],
    ["turns.0.reference.long", [], "turns[0].reference.long must be an object; it is a list"],
    ["sampler.parameters", "x", "sampler.parameters must be an object"],
  ];
  for (const [path, value, message] of wrong) {
    assertThrows(() => parsePair(altered(path, value)), TypeError, message);
  }
  assertThrows(() => parsePair(null), TypeError, "the record must be an object; it is null");
});

Deno.test("readPairs goes on after lines that are no pairs, and numbers them", async () => {
  const line = (id: string): string => JSON.stringify(pairRecord(id));
  const broken = JSON.stringify(altered("turns.0.question"));
  await withFile([line("a"), broken, "{", line("b"), ""].join("\n"), async (path) => {
    const { out, dropped, messages } = await runSource(readPairs(path));
    assertEquals(out, [pairRecord("a"), pairRecord("b")]);
    const error = "turns[0].question must be a string; it is missing";
    assertEquals(dropped[0], {
      reason: "not a record",
      record: { source: `${path}:2`, value: JSON.parse(broken), error },
    });
    assertEquals(dropped[1].reason, "the line is not JSON");
    assertEquals(messages[0], `Skipped ${path}:2: ${error}`);
  });
});

Deno.test("readPairs is read again in every epoch, and reports its faults once", async () => {
  await withFile(`${JSON.stringify(pairRecord())}\n{\n`, async (path) => {
    const { out, dropped } = await runSource(epochs(readPairs(path), 3));
    assertEquals(out.length, 3);
    assertEquals(dropped.length, 1);
  });
});

Deno.test("readPairs reads stdin", async () => {
  const stdin = new Blob([JSON.stringify(pairRecord())]).stream();
  assertEquals((await runSource(readPairs("-", { stdin }))).out, [pairRecord()]);
});

Deno.test("readPairs says when there is nothing to read", async () => {
  await assertRejects(
    () => runSource(readPairs("none.jsonl")),
    UserError,
    "Cannot read none.jsonl",
  );
  await withFile("\n", async (path) => {
    await assertRejects(() => runSource(readPairs(path)), UserError, `no pair in ${path}`);
  });
});
