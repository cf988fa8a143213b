import { assert } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { attentionBlocks } from "../../lib/model/row.ts";
import {
  blockwiseAttention,
  denseAttention,
  differentiate,
  Graph,
  type Value,
  visibilityBias,
} from "../../lib/onnx/mod.ts";
import { floats, floatsOf, type HostTensor, ints } from "../../lib/runtime/mod.ts";
import { assertCloseArrays } from "../support/close_gradients.ts";
import { relativeError } from "../support/golden_cases.ts";
import { runGraph, uniform } from "../support/run_graph.ts";

const [heads, group, size] = [2, 3, 8];

/** Marks of documents, given as the trunk's length and each branch's. */
function marksOf(documents: readonly (readonly number[])[]): {
  document: Int32Array;
  branch: Int32Array;
} {
  const each = (mark: (document: number, branch: number) => number) =>
    Int32Array.from(
      documents.flatMap((parts, document) =>
        parts.flatMap((length, branch) => Array<number>(length).fill(mark(document, branch)))
      ),
    );
  return { document: each((document) => document), branch: each((_, branch) => branch) };
}

/** Attention and its gradients, blockwise or dense, as one graph. */
function attentionGraph(dense: boolean): Graph {
  const g = new Graph(dense ? "dense" : "blockwise");
  const input = (name: string, ...shape: (string | number)[]) => g.input(name, "float32", shape);
  const q = input("q", heads, "tokens", group, size);
  const k = input("k", heads, "tokens", size);
  const v = input("v", heads, "tokens", size);
  const marks = {
    document: input("document", "tokens"),
    branch: input("branch", "tokens"),
    order: input("order", "tokens"),
  };
  const blockLength = g.input("block_length", "int64", [1]);
  const keyRanges = g.input("key_ranges", "int64", ["blocks", 2]);
  const result: Value = dense
    ? denseAttention(g, q, k, v, visibilityBias(g, marks, marks))
    : blockwiseAttention(g, q, k, v, { ...marks, blockLength, keyRanges });
  const seed = g.input("seed", "float32", result.shape);
  const gradients = differentiate(g, new Map([[result, seed]]), [q, k, v]);
  for (const source of [q, k, v]) g.output(`d${source.name}`, gradients.get(source)!);
  g.output("result", result);
  return g;
}

const arrays = (outputs: Record<string, HostTensor>) =>
  new Map(Object.entries(outputs).map(([name, tensor]) => [name, floatsOf(tensor)]));

async function compare(
  documents: readonly (readonly number[])[],
  longest: number,
): Promise<void> {
  const random = new Random(`${documents} ${longest}`);
  const marks = marksOf(documents);
  const tokens = marks.document.length;
  const blocks = attentionBlocks({ ...marks, position: marks.branch }, longest);
  const feeds = {
    q: uniform(random, [heads, tokens, group, size]),
    k: uniform(random, [heads, tokens, size], [-2, 2]),
    v: uniform(random, [heads, tokens, size]),
    seed: uniform(random, [heads, tokens, group, size]),
    document: floats(Float32Array.from(marks.document), [tokens]),
    branch: floats(Float32Array.from(marks.branch), [tokens]),
    order: floats(Float32Array.from({ length: tokens }, (_, at) => at), [tokens]),
    block_length: ints([blocks.length]),
    key_ranges: ints(blocks.keyRanges, [blocks.keyRanges.length / 2, 2]),
  };
  const blockwise = await runGraph(attentionGraph(false), feeds);
  const dense = await runGraph(attentionGraph(true), feeds);
  assertCloseArrays(arrays(blockwise), arrays(dense), 3e-6);
}

Deno.test("blockwise attention is dense attention where blocks divide the row", async () => {
  await compare([[192]], 64);
  await compare([[96, 48, 48]], 64);
});

Deno.test("blockwise attention is dense attention where blocks cut branches and documents", async () => {
  for (const longest of [7, 50, 100]) {
    await compare([[40, 9, 13], [60], [1, 1, 1, 1], [33, 20, 0, 24]], longest);
  }
});

Deno.test("blockwise attention is dense attention where a block is one token, or longer than the row", async () => {
  await compare([[5, 2, 3]], 1);
  await compare([[2]], 1);
  await compare([[2]], 64);
  await compare([[5, 2, 3], [4]], 64);
});

Deno.test("blockwise attention stays finite where scores are as large as float32 allows sums of", async () => {
  const random = new Random("large");
  const marks = marksOf([[6, 3]]);
  const large = (shape: number[]) => uniform(random, shape, [-3e4, 3e4]);
  const feeds = {
    q: large([heads, 9, group, size]),
    k: large([heads, 9, size]),
    v: uniform(random, [heads, 9, size]),
    seed: uniform(random, [heads, 9, group, size]),
    document: floats(Float32Array.from(marks.document), [9]),
    branch: floats(Float32Array.from(marks.branch), [9]),
    order: floats(Float32Array.from({ length: 9 }, (_, at) => at), [9]),
    block_length: ints([4]),
    key_ranges: ints([0, 4, 0, 8, 0, 9], [3, 2]),
  };
  const found = await runGraph(attentionGraph(false), feeds);
  for (const [name, tensor] of Object.entries(found)) {
    assert(floatsOf(tensor).every(Number.isFinite), name);
  }
  const dense = await runGraph(attentionGraph(true), feeds);
  assert(relativeError(floatsOf(found.result), floatsOf(dense.result)) < 1e-6);
});
