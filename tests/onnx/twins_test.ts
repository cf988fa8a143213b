import { assertEquals } from "@std/assert";
import { add, Graph, log, mul, prune, useTwins, type Value } from "../../lib/onnx/mod.ts";
import { headSegment, longpo, type Objective, sft } from "../../lib/objective/mod.ts";
import { trainingGraph } from "../../lib/onnx/mod.ts";
import { floats } from "../../lib/runtime/mod.ts";
import { runForFloats } from "../support/run_graph.ts";
import { smallModel } from "../support/small_model.ts";

/** `log(x)` is given by a node of its own, and once more out of `late`. */
function twins(late: (g: Graph, x: Value, value: Value) => Value): Graph {
  const g = new Graph("twins");
  const x = g.input("x", "float32", [2]);
  const value = log(g, x);
  const used = mul(g, value, g.scalar(2));
  const twin = late(g, x, value);
  g.twins.set(value, twin);
  g.output("y", add(g, used, twin));
  return g;
}

const ops = (g: Graph) => g.nodes.map(({ op }) => op);
const x = floats(Float32Array.of(1, 4), [2]);

Deno.test("a value whose twin is computed anyway is taken from there, in an order that can run", async () => {
  const g = twins((g, x) => mul(g, log(g, mul(g, x, x)), g.scalar(0.5)));
  useTwins(g);
  assertEquals(ops(g), ["Mul", "Log", "Mul", "Mul", "Add"]);
  assertEquals([...await runForFloats(g, { x })], [0, Math.fround(3 * Math.log(4))]);
});

Deno.test("a value stays where its twin waits for it, or is computed by nobody", async () => {
  const waits = twins((g, _x, value) => mul(g, value, g.scalar(1)));
  useTwins(waits);
  assertEquals(ops(waits).filter((op) => op === "Log").length, 1);
  assertEquals([...await runForFloats(waits, { x })], [0, Math.fround(3 * Math.log(4))]);

  const idle = new Graph("idle");
  const value = log(idle, idle.input("x", "float32", [2]));
  idle.twins.set(value, mul(idle, value, idle.scalar(1)));
  idle.output("y", value);
  prune(idle);
  useTwins(idle);
  assertEquals(ops(idle), ["Log"]);
});

Deno.test("what a loss is linear in takes one pass through the head, the rest two", () => {
  const passes = (objective: Objective) => {
    const g = trainingGraph(headSegment(smallModel().config, objective, "sum"));
    prune(g);
    useTwins(g);
    return ops(g).filter((op) => op.startsWith("ChunkedLogProbs"));
  };
  const gradient = "ChunkedLogProbsGradient";
  assertEquals(passes(sft), [gradient]);
  assertEquals(passes(longpo), ["ChunkedLogProbs", gradient]);
});
