import { assertEquals, assertFalse } from "@std/assert";
import { Graph, modelBytes, placedRows, scatterAddRows } from "../../lib/onnx/mod.ts";
import { floats, floatsOf, ints, Session } from "../../lib/runtime/mod.ts";
import { runForFloats } from "../support/run_graph.ts";

Deno.test("scatterAddRows loses no update where many threads could add to one row", async () => {
  const [rows, width, updates] = [4, 64, 20_000];
  const g = new Graph("scatter");
  const x = g.input("x", "float32", ["rows", width]);
  const index = g.input("index", "int64", ["updates"]);
  const values = g.input("values", "float32", ["updates", width]);
  g.output("sums", scatterAddRows(g, x, index, values));
  // What gets lost where is chance; that the kernel that loses updates is not used is not.
  assertFalse(g.nodes.some(({ op }) => op === "ScatterND"));

  await using session = await Session.open(modelBytes(g), { threads: 2 });
  const feeds = {
    x: floats(new Float32Array(rows * width), [rows, width]),
    index: ints(Array.from({ length: updates }, (_, at) => at % rows)),
    values: floats(new Float32Array(updates * width).fill(1), [updates, width]),
  };
  const everyUpdate = new Float32Array(rows * width).fill(updates / rows);
  for (let round = 0; round < 10; round++) {
    const { sums } = await session.run(feeds);
    assertEquals(floatsOf(sums), everyUpdate);
  }
});

Deno.test("scatterAddRows adds parts of several axes to what is there", async () => {
  const g = new Graph("scatter");
  const x = g.input("x", "float32", ["rows", 2, 2]);
  const index = g.input("index", "int64", ["updates"]);
  const values = g.input("values", "float32", ["updates", 2, 2]);
  g.output("sums", scatterAddRows(g, x, index, values));
  await using session = await Session.open(modelBytes(g));
  const { sums } = await session.run({
    x: floats(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 2, 2]),
    index: ints([1, 1]),
    values: floats(Float32Array.of(10, 20, 30, 40, 100, 200, 300, 400), [2, 2, 2]),
  });
  assertEquals(floatsOf(sums), Float32Array.of(1, 2, 3, 4, 115, 226, 337, 448));
});

/** Ten times the row's number, put at places of five. */
async function placed(at: readonly number[], rows = at.length): Promise<number[]> {
  const g = new Graph("placed");
  const values = g.input("values", "float32", ["rows", 1]);
  const places = g.input("places", "int64", ["named"]);
  g.output("sums", placedRows(g, values, places, g.input("like", "float32", ["places", 1])));
  const sums = await runForFloats(g, {
    values: floats(Float32Array.from({ length: rows }, (_, row) => 10 * (row + 1)), [rows, 1]),
    places: ints(at),
    like: floats(new Float32Array(5), [5, 1]),
  });
  return [...sums];
}

Deno.test("placedRows puts rows at places, adds what has the same, and leaves the rest at zero", async () => {
  assertEquals(await placed([4, 1]), [0, 20, 0, 0, 10]);
  assertEquals(await placed([1, 2, 1, 0, 1]), [40, 10 + 30 + 50, 20, 0, 0]);
  assertEquals(await placed([3, 3, 3, 3, 3, 3]), [0, 0, 0, 210, 0]);
  assertEquals(await placed([0, 2], 4), [10, 0, 20, 0, 0]);
  assertEquals(await placed([]), [0, 0, 0, 0, 0]);
  assertEquals(await placed([], 2), [0, 0, 0, 0, 0]);
});
