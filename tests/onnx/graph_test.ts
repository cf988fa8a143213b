import { assertEquals } from "@std/assert";
import {
  add,
  chunkedLogProbs,
  float,
  Graph,
  loop,
  lower,
  modelBytes,
  mul,
  nestedGraphs,
  prune,
  reduceSum,
  trainingGraph,
  type Value,
} from "../../lib/onnx/mod.ts";
import { floats, floatsOf, ints, Session } from "../../lib/runtime/mod.ts";
import { headSegment, longpo } from "../../lib/objective/mod.ts";
import { graphsOf, parseConfig } from "../../lib/model/mod.ts";
import { runForFloats, runGraph } from "../support/run_graph.ts";

const config = parseConfig({
  model_type: "llama",
  vocab_size: 11,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
});

function everyName(g: Graph): string[] {
  return [
    ...g.inputs.map(({ name }) => name),
    ...[...g.constants.keys()].map(({ name }) => name),
    ...g.nodes.flatMap((node) => node.outputs.map(({ name }) => name)),
    ...g.nodes.flatMap((node) => nestedGraphs(node).flatMap(everyName)),
  ];
}

Deno.test("names are unique, loops' insides included", () => {
  const segments = [
    graphsOf(config).embed(config),
    graphsOf(config).layer(config),
    headSegment(config, longpo, "logsumexp"),
  ];
  for (const segment of segments) {
    const g = trainingGraph(segment);
    lower(g);
    const names = everyName(g);
    assertEquals(names.length, new Set(names).size, g.name);
  }
});

Deno.test("modelBytes makes training graphs that the runtime opens", async () => {
  for (const segment of [graphsOf(config).layer(config), headSegment(config, longpo, "mean")]) {
    const g = trainingGraph(segment);
    const [inputs, outputs] = [g.inputs.length, g.outputs.length];
    await using session = await Session.open(modelBytes(g));
    assertEquals([inputs, outputs], [g.inputs.length, g.outputs.length]);
    assertEquals(session.name, "session");
  }
});

Deno.test("output names inputs, constants and values that are outputs already anew", async () => {
  const g = new Graph("outputs");
  const x = g.input("x", "float32", [2]);
  const sum = add(g, x, x);
  g.output("sum", sum);
  g.output("again", sum);
  g.output("same", x);
  g.output("two", g.scalar(2));
  const found = await runGraph(g, { x: floats(Float32Array.of(1, 2), [2]) });
  assertEquals(Object.keys(found).sort(), ["again", "same", "sum", "two"]);
  assertEquals(floatsOf(found.again), Float32Array.of(2, 4));
  assertEquals(floatsOf(found.same), Float32Array.of(1, 2));
  assertEquals(found.two.shape, []);
});

Deno.test("attributes that are whole numbers are floats where it is said so", async () => {
  const g = new Graph("leaky");
  const x = g.input("x", "float32", [2]);
  g.output("y", g.node("LeakyRelu", [x], "float32", [2], { alpha: float(3) }));
  const found = await runForFloats(g, { x: floats(Float32Array.of(-1, 1), [2]) });
  assertEquals(found, Float32Array.of(-3, 1));
});

Deno.test("prune drops what no output depends on, and nothing else", () => {
  const g = new Graph("prune");
  const x = g.input("x", "float32", [2]);
  const kept = mul(g, x, g.scalar(2));
  add(g, mul(g, x, g.scalar(3)), kept);
  g.output("y", kept);
  prune(g);
  assertEquals(g.nodes.map(({ op }) => op), ["Mul"]);
  assertEquals([...g.constants.values()], [Float32Array.of(2)]);
  assertEquals(g.inputs, [x]);
});

/** A loop whose body reads values of the graph around it, and computes with a composite. */
function loopGraph(): Graph {
  const g = new Graph("loop");
  const hidden = g.input("hidden", "float32", ["tokens", 2]);
  const weight = g.input("weight", "float32", [3, 2]);
  const rows = g.input("rows", "int64", ["predictions"]);
  const chunkLength = g.ints([1]);
  const logProbs = (inner: Graph, of: Value) =>
    chunkedLogProbs(inner, of, weight, [{ rows, targets: rows, chunkLength }])[0];
  const outside = logProbs(g, hidden);
  const twice = mul(g, hidden, g.scalar(2));
  const turns = g.constant(BigInt64Array.of(2n), []);
  const start = mul(g, reduceSum(g, outside, [0], false), g.scalar(0));
  const { carried: [sum], stacked: [each] } = loop(
    g,
    turns,
    2,
    [start],
    (inner, _turn, [sofar]) => {
      const both = add(inner, outside, logProbs(inner, twice));
      return { carried: [add(inner, sofar, reduceSum(inner, both, [0], false))], stacked: [both] };
    },
  );
  g.output("sum", sum);
  g.output("each", each);
  g.output("outside", outside);
  return g;
}

Deno.test("composites are expanded inside loops, which may read what is around them", async () => {
  const { sum, each, outside } = await runGraph(loopGraph(), {
    hidden: floats(Float32Array.of(1, 2, 3, 4), [2, 2]),
    weight: floats(Float32Array.of(1, 0, 0, 1, 0.5, 0.5), [3, 2]),
    rows: ints([0, 1]),
  });
  const logSoftmax = (logits: readonly number[], at: number) =>
    logits[at] - Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0));
  const plain = [logSoftmax([1, 2, 1.5], 0), logSoftmax([3, 4, 3.5], 1)];
  const both = plain.map((value, at) => value + logSoftmax([[2, 4, 3], [6, 8, 7]][at], at));
  const near = (found: Float32Array, expected: readonly number[]) =>
    assertEquals(Array.from(found, (x) => x.toFixed(4)), expected.map((x) => x.toFixed(4)));
  near(floatsOf(outside), plain);
  near(floatsOf(each), [...both, ...both]);
  near(floatsOf(sum), [2 * (both[0] + both[1])]);
});
