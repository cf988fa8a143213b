import { assertEquals } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import {
  chunkedLogProbs,
  differentiate,
  gatherElements,
  gatherRows,
  Graph,
  linear,
  logSumExp,
  reshape,
  sub,
  unsqueeze,
} from "../../lib/onnx/mod.ts";
import { floatsOf, ints } from "../../lib/runtime/mod.ts";
import { assertCloseArrays } from "../support/close_gradients.ts";
import { runGraph, uniform } from "../support/run_graph.ts";

const [tokens, width, vocabulary] = [40, 16, 90];

/** Log-probs of predictions and their gradients, in chunks or from all logits at once. */
function logProbsGraph(chunked: boolean): Graph {
  const g = new Graph(chunked ? "chunked" : "whole");
  const hidden = g.input("hidden", "float32", ["tokens", width]);
  const weight = g.input("weight", "float32", [vocabulary, width]);
  const rows = g.input("rows", "int64", ["predictions"]);
  const targets = g.input("targets", "int64", ["predictions"]);
  const chunkLength = g.input("chunk_length", "int64", [1]);
  const whole = () => {
    const logits = linear(g, gatherRows(g, hidden, rows), weight);
    const chosen = gatherElements(g, logits, unsqueeze(g, targets, 1));
    return sub(g, reshape(g, chosen, ["predictions"]), logSumExp(g, logits));
  };
  const result = chunked
    ? chunkedLogProbs(g, hidden, weight, [{ rows, targets, chunkLength }])[0]
    : whole();
  const seed = g.input("seed", "float32", ["predictions"]);
  const gradients = differentiate(g, new Map([[result, seed]]), [hidden, weight]);
  g.output("hidden_grad", gradients.get(hidden)!);
  g.output("weight_grad", gradients.get(weight)!);
  g.output("result", result);
  return g;
}

async function compare(predictions: number, chunk: number): Promise<void> {
  const random = new Random(`${predictions} ${chunk}`);
  const draw = (bound: number) => Array.from({ length: predictions }, () => random.int(bound));
  const feeds = {
    hidden: uniform(random, [tokens, width], [-2, 2]),
    weight: uniform(random, [vocabulary, width]),
    // Most rows occur several times, some never.
    rows: ints(draw(tokens / 2)),
    targets: ints(draw(vocabulary)),
    chunk_length: ints([chunk]),
    seed: uniform(random, [predictions]),
  };
  const [chunked, whole] = [
    await runGraph(logProbsGraph(true), feeds),
    await runGraph(logProbsGraph(false), feeds),
  ].map((outputs) =>
    new Map(Object.entries(outputs).map(([name, tensor]) => [name, floatsOf(tensor)]))
  );
  assertCloseArrays(chunked, whole, 3e-6);
}

Deno.test("log-probs in chunks are those of all logits at once, whatever the chunk", async () => {
  for (const chunk of [1, 7, 32, 64, 100]) await compare(64, chunk);
});

Deno.test("log-probs in chunks are those of all logits at once for a single prediction", async () => {
  await compare(1, 1);
  await compare(1, 8);
});

Deno.test("a head that predicts nothing teaches nothing", async () => {
  const random = new Random("nothing");
  const { hidden_grad, weight_grad, result } = await runGraph(logProbsGraph(true), {
    hidden: uniform(random, [tokens, width]),
    weight: uniform(random, [vocabulary, width]),
    rows: ints([]),
    targets: ints([]),
    chunk_length: ints([1]),
    seed: uniform(random, [0]),
  });
  assertEquals(floatsOf(hidden_grad), new Float32Array(tokens * width));
  assertEquals(floatsOf(weight_grad), new Float32Array(vocabulary * width));
  assertEquals(result.shape, [0]);
});
