import { assertEquals } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { accumulate } from "../../lib/onnx/accumulate.ts";
import {
  add,
  bodyInput,
  chunkedLogProbs,
  differentiate,
  gatherRows,
  Graph,
  inChunks,
  linear,
  mul,
  type Value,
} from "../../lib/onnx/mod.ts";
import { prune } from "../../lib/onnx/rewrite.ts";
import { floatsOf, ints } from "../../lib/runtime/mod.ts";
import { assertCloseArrays } from "../support/close_gradients.ts";
import { runGraph, uniform } from "../support/run_graph.ts";

const [tokens, width, vocabulary] = [12, 4, 9];

/** `x W^T`, computed for five tokens at a time. */
function linearInChunks(g: Graph, weight: Value, x: Value): Value {
  const body = new Graph("body", g);
  body.outputs = [linear(body, bodyInput(body, x), bodyInput(body, weight))];
  const y = g.fresh("y", "float32", ["tokens", vocabulary]);
  g.nodes.push(inChunks([x, weight], [y], { body, chunkLength: 5, tokens: "tokens" }));
  return y;
}

/** What a matrix may be used for: as an embedding, as a factor, as a head, element by element. */
const USES: Record<string, (g: Graph, weight: Value, x: Value, rows: Value) => Value> = {
  rows: (g, weight, x, rows) => mul(g, gatherRows(g, weight, rows), x),
  product: (g, weight, x) => linear(g, x, weight),
  chunks: (g, weight, x) => linearInChunks(g, weight, x),
  logProbs: (g, weight, x, rows) =>
    chunkedLogProbs(g, x, weight, [{ rows, targets: rows, chunkLength: g.ints([5]) }])[0],
  elements: (g, weight) => mul(g, weight, weight),
};

/** The gradient of a weight with several uses, added to a buffer. */
function gradientGraph(uses: readonly string[], sum: typeof accumulate): Graph {
  const g = new Graph(uses.join(" and "));
  const weight = g.input("weight", "float32", [vocabulary, width]);
  const x = g.input("x", "float32", ["tokens", width]);
  const rows = g.input("rows", "int64", ["tokens"]);
  const sofar = g.input("sofar", "float32", [vocabulary, width]);
  const results = uses.map((use) => USES[use](g, weight, x, rows));
  const seeds = results.map((result, at) =>
    [result, g.input(`seed${at}`, "float32", result.shape)] as const
  );
  const gradients = differentiate(g, new Map(seeds), [weight]);
  g.output("out", sum(g, sofar, gradients.get(weight)!));
  return g;
}

/** Additions of two matrices, and matrices of zeros, that a graph has. */
function matricesBeside(g: Graph): number {
  prune(g);
  return g.nodes.filter(({ op, outputs }) =>
    ["Add", "ConstantOfShape"].includes(op) && outputs[0].shape[0] === vocabulary
  ).length;
}

async function compare(uses: readonly string[]): Promise<void> {
  const random = new Random(uses.join());
  const lengths: Record<string, number[]> = {
    rows: [tokens, width],
    product: [tokens, vocabulary],
    chunks: [tokens, vocabulary],
    logProbs: [tokens],
    elements: [vocabulary, width],
  };
  const feeds = {
    weight: uniform(random, [vocabulary, width]),
    x: uniform(random, [tokens, width]),
    rows: ints(Array.from({ length: tokens }, () => random.int(vocabulary - 1))),
    sofar: uniform(random, [vocabulary, width]),
    ...Object.fromEntries(uses.map((use, at) => [`seed${at}`, uniform(random, lengths[use])])),
  };
  const used = gradientGraph(uses, add).inputs.map(({ name }) => name);
  assertEquals(used.sort(), Object.keys(feeds).sort());
  const [actual, expected] = [
    await runGraph(gradientGraph(uses, accumulate), feeds),
    await runGraph(gradientGraph(uses, add), feeds),
  ].map(({ out }) => new Map([["out", floatsOf(out)]]));
  assertCloseArrays(actual, expected, 1e-6);
}

Deno.test("accumulate is addition, whatever the sum is made by", async () => {
  const all = Object.keys(USES);
  for (const use of all) {
    await compare([use]);
    for (const other of all) await compare([use, other]);
  }
  await compare([...all, ...all]);
});

Deno.test("accumulate holds no matrix beside the buffer where operators can begin with it", () => {
  const begin = ["rows", "product", "chunks", "logProbs"];
  for (const uses of [...begin.map((use) => [use]), begin]) {
    assertEquals(matricesBeside(gradientGraph(uses, accumulate)), 0, uses.join());
  }
  // A product of elements begins with nothing.
  assertEquals(matricesBeside(gradientGraph(["elements", "product"], accumulate)), 2);
});

Deno.test("accumulate leaves a sum alone that something else reads", async () => {
  const g = new Graph("read twice");
  const x = g.input("x", "float32", ["tokens", width]);
  const weight = g.input("weight", "float32", [vocabulary, width]);
  const sofar = g.input("sofar", "float32", ["tokens", vocabulary]);
  const product = g.output("product", linear(g, x, weight));
  g.output("sum", accumulate(g, sofar, product));
  const random = new Random("read twice");
  const feeds = {
    x: uniform(random, [tokens, width]),
    weight: uniform(random, [vocabulary, width]),
    sofar: uniform(random, [tokens, vocabulary]),
  };
  const outputs = await runGraph(g, feeds);
  const expected = floatsOf(outputs.product).map((one, at) => one + floatsOf(feeds.sofar)[at]);
  assertCloseArrays(
    new Map([["sum", floatsOf(outputs.sum)]]),
    new Map([["sum", expected]]),
    1e-6,
  );
});
