import { assertEquals } from "@std/assert";
import { Graph, type Marks, visibilityBias, visible } from "../../lib/onnx/mod.ts";
import { floats } from "../../lib/runtime/mod.ts";
import { runGraph } from "../support/run_graph.ts";

/** A trunk of 2 with branches of 2 and 1, then another document with a branch. */
const document = [0, 0, 0, 0, 0, 1, 1];
const branch = [0, 0, 1, 1, 2, 0, 1];

const seen = [
  "x......",
  "xx.....",
  "xxx....",
  "xxxx...",
  "xx..x..",
  ".....x.",
  ".....xx",
];

function feeds(): Record<string, ReturnType<typeof floats>> {
  const mark = (values: readonly number[]) => floats(Float32Array.from(values), [values.length]);
  return { document: mark(document), branch: mark(branch), order: mark([0, 1, 2, 3, 4, 5, 6]) };
}

function marks(g: Graph): Marks {
  const mark = (name: string) => g.input(name, "float32", ["tokens"]);
  return { document: mark("document"), branch: mark("branch"), order: mark("order") };
}

Deno.test("visible is same document, not later, and trunk or own branch", async () => {
  const g = new Graph("visible");
  const row = marks(g);
  g.output("seen", visible(g, row, row));
  const { seen: found } = await runGraph(g, feeds());
  assertEquals(found.shape, [7, 7]);
  assertEquals(
    [...found.data].map(Boolean),
    seen.flatMap((line) => [...line].map((x) => x === "x")),
  );
});

Deno.test("visibilityBias adds nothing to what is seen and leaves nothing of the rest", async () => {
  const g = new Graph("bias");
  const row = marks(g);
  g.output("bias", visibilityBias(g, row, row));
  const { bias } = await runGraph(g, feeds());
  assertEquals(bias.shape, [7, 1, 7]);
  const kept = Array.from(bias.data as Float32Array, (value) => Math.exp(100 + value) > 0);
  assertEquals(kept, seen.flatMap((line) => [...line].map((x) => x === "x")));
  assertEquals(
    (bias.data as Float32Array).filter((value) => value === 0).length,
    1 + 2 + 3 + 4 + 3 + 1 + 2,
  );
});

Deno.test("visible with a window is within so many positions, a token's own counted", async () => {
  const g = new Graph("window");
  const row = { ...marks(g), position: g.input("position", "float32", ["tokens"]) };
  g.output("seen", visible(g, row, row, 2));
  const position = floats(Float32Array.of(0, 1, 2, 3, 2, 0, 1), [7]);
  const { seen: found } = await runGraph(g, { ...feeds(), position });
  const near = ["x......", "xx.....", ".xx....", "..xx...", ".x..x..", ".....x.", ".....xx"];
  assertEquals(
    [...found.data].map(Boolean),
    near.flatMap((line) => [...line].map((x) => x === "x")),
  );
});
