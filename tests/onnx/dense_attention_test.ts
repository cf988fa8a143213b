import { assert } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { attentionPlan, type AttentionPlanOptions } from "../../lib/model/attention_plan.ts";
import {
  blockwiseAttention,
  denseAttention,
  differentiate,
  Graph,
  reshape,
  transpose,
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
  const q = input("q", "tokens", heads * group * size);
  const k = input("k", "tokens", heads * size);
  const v = input("v", "tokens", heads * size);
  const marks = {
    document: input("document", "tokens"),
    branch: input("branch", "tokens"),
    order: input("order", "tokens"),
  };
  const plan = {
    blocks: g.input("blocks", "int64", ["blocks", 10]),
    near: g.input("near", "int64", ["near", 8]),
    tiles: g.input("tiles", "int64", ["tiles", 8]),
    masks: input("masks", "masks"),
    longest: g.input("longest", "int64", [4]),
    queryPlaces: g.input("query_places", "int64", ["tokens"]),
    keyPlaces: g.input("key_places", "int64", ["tokens"]),
    blockPlaces: g.input("block_places", "int64", ["blocks"]),
  };
  const all = (): Value => {
    const byHead = (x: Value, ...lengths: number[]) => {
      const order = [1, 0, ...lengths.map((_, at) => at + 2)];
      return transpose(g, reshape(g, x, ["tokens", heads, ...lengths]), order);
    };
    const queries = byHead(q, group, size);
    const bias = visibilityBias(g, marks, marks);
    const mixed = denseAttention(g, queries, byHead(k, size), byHead(v, size), bias);
    return reshape(g, transpose(g, mixed, [1, 0, 2, 3]), ["tokens", heads * group * size]);
  };
  const result = dense
    ? all()
    : blockwiseAttention(g, q, k, v, plan, { heads: heads * group, keyValueHeads: heads }).mixed;
  const seed = g.input("seed", "float32", result.shape);
  const gradients = differentiate(g, new Map([[result, seed]]), [q, k, v]);
  for (const source of [q, k, v]) g.output(`d${source.name}`, gradients.get(source)!);
  g.output("result", result);
  return g;
}

/** Marks and plan of a row. */
function rowFeeds(
  documents: readonly (readonly number[])[],
  options: AttentionPlanOptions,
) {
  const { document, branch } = marksOf(documents);
  const tokens = document.length;
  const plan = attentionPlan({ document, branch, position: branch }, options);
  return {
    document: floats(Float32Array.from(document), [tokens]),
    branch: floats(Float32Array.from(branch), [tokens]),
    order: floats(Float32Array.from({ length: tokens }, (_, at) => at), [tokens]),
    blocks: ints(plan.blocks, [plan.blocks.length / 10, 10]),
    near: ints(plan.near, [plan.near.length / 8, 8]),
    tiles: ints(plan.tiles, [plan.tiles.length / 8, 8]),
    masks: floats(plan.masks, [plan.masks.length]),
    longest: ints(plan.longest),
    query_places: ints(plan.queryPlaces),
    key_places: ints(plan.keyPlaces),
    block_places: ints(plan.blockPlaces),
  };
}

const arrays = (outputs: Record<string, HostTensor>) =>
  new Map(Object.entries(outputs).map(([name, tensor]) => [name, floatsOf(tensor)]));

async function compare(
  documents: readonly (readonly number[])[],
  options: AttentionPlanOptions,
  change: (feeds: Record<"q" | "k", HostTensor>) => void = () => {},
): Promise<void> {
  const random = new Random(`${documents} ${options.queries} ${options.keys}`);
  const row = rowFeeds(documents, options);
  const tokens = row.document.shape[0];
  const feeds = {
    q: uniform(random, [tokens, heads * group * size]),
    k: uniform(random, [tokens, heads * size], [-2, 2]),
    v: uniform(random, [tokens, heads * size]),
    seed: uniform(random, [tokens, heads * group * size]),
    ...row,
  };
  change(feeds);
  const blockwise = await runGraph(attentionGraph(false), feeds);
  const dense = await runGraph(attentionGraph(true), feeds);
  assertCloseArrays(arrays(blockwise), arrays(dense), 3e-6);
}

Deno.test("blockwise attention is dense attention where blocks and tiles divide the row", async () => {
  await compare([[192]], { queries: 64, keys: 64 });
  await compare([[192]], { queries: 32, keys: 64 });
  await compare([[96, 48, 48]], { queries: 64 });
});

Deno.test("blockwise attention is dense attention where blocks cut branches and documents", async () => {
  const documents = [[40, 9, 13], [60], [1, 1, 1, 1], [33, 20, 0, 24]];
  for (const queries of [7, 50, 100]) await compare(documents, { queries });
});

Deno.test("blockwise attention is dense attention where tiles cut trunks, branches and blocks", async () => {
  const documents = [[70, 9, 13, 40], [60], [1, 1, 1, 1], [5], [33, 20, 0, 24], [0, 30, 9]];
  for (const keys of [6, 11, 20, 50, 130]) await compare(documents, { queries: 9, keys });
});

Deno.test("blockwise attention is dense attention where a block is one token, or longer than the row", async () => {
  await compare([[5, 2, 3]], { queries: 1, keys: 1 });
  await compare([[5, 2, 3]], { queries: 1 });
  await compare([[2]], { queries: 1 });
  await compare([[2]], {});
  await compare([[5, 2, 3], [4]], {});
});

Deno.test("blockwise attention is dense attention where queries see so many keys that heads take turns", async () => {
  await compare([[1100, 20, 30]], {});
  await compare([[1040, 9]], { queries: 90, keys: 300 });
});

Deno.test("blockwise attention is dense attention where an early key outweighs all after it by e^100", async () => {
  for (const factor of [20, 100]) {
    await compare([[150], [40, 9, 13]], { queries: 16, keys: 32 }, ({ k }) => {
      const early = floatsOf(k).subarray(heads * size, 2 * heads * size);
      early.forEach((value, at) => early[at] = factor * value);
    });
  }
});

Deno.test("blockwise attention stays finite where scores are in the millions", async () => {
  const random = new Random("large");
  const large = (width: number) => uniform(random, [9, width], [-1e3, 1e3]);
  const feeds = {
    q: large(heads * group * size),
    k: large(heads * size),
    v: uniform(random, [9, heads * size]),
    seed: uniform(random, [9, heads * group * size]),
    ...rowFeeds([[6, 3]], { queries: 4, keys: 3 }),
  };
  const found = await runGraph(attentionGraph(false), feeds);
  for (const [name, tensor] of Object.entries(found)) {
    assert(floatsOf(tensor).every(Number.isFinite), name);
  }
  const dense = await runGraph(attentionGraph(true), feeds);
  assert(relativeError(floatsOf(found.result), floatsOf(dense.result)) < 1e-6);
});
