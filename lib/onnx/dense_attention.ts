/**
 * Attention with all scores at once: for a few queries, and to hold blockwise attention against.
 *
 * @module
 */

import { product } from "./dims.ts";
import type { Graph, Value } from "./graph.ts";
import { add, mul } from "./operators/elementwise.ts";
import { concat, lengthOf, reshape, reshapeTo } from "./operators/layout.ts";
import { matmul, swapLast } from "./operators/matmul.ts";
import { softmax } from "./operators/softmax.ts";

/**
 * Mixes values by softmax of scores, grouped queries included.
 *
 * @param q `[key-value heads, tokens, group, head size]`, already scaled.
 * @param k `[key-value heads, keys, head size]`
 * @param v `[key-value heads, keys, head size]`
 * @param bias `[tokens, 1, keys]`, added to the scores of every head: who sees whom.
 * @returns `[key-value heads, tokens, group, head size]`
 */
export function denseAttention(g: Graph, q: Value, k: Value, v: Value, bias: Value): Value {
  const [heads, tokens, group, size] = q.shape;
  const keys = k.shape[1];
  const rowCount = product([tokens, group]);
  const count = lengthOf(g, q, 1);
  const fixed = (dim: typeof heads) => g.ints([Number(dim)]);
  const byGroup = concat(g, [fixed(heads), count, fixed(group), g.ints([-1])], 0);
  const flat = concat(g, [fixed(heads), mul(g, count, fixed(group)), g.ints([-1])], 0);

  const rows = reshape(g, q, [heads, rowCount, size]);
  const scores = reshapeTo(g, matmul(g, rows, swapLast(g, k)), byGroup, [
    heads,
    tokens,
    group,
    keys,
  ]);
  const weights = softmax(g, add(g, scores, bias));
  const mixed = matmul(g, reshapeTo(g, weights, flat, [heads, rowCount, keys]), v);
  return reshape(g, mixed, [heads, tokens, group, size]);
}
