import type { Graph, Node, Value } from "../graph.ts";
import { add, div, exp, log, maximum, mul, sub } from "../operators/elementwise.ts";
import { matmul, swapLast } from "../operators/matmul.ts";
import { reduceMax, reduceSum } from "../operators/reduce.ts";
import { overHeads } from "./attention_heads.ts";
import { AttentionInputs } from "./attention_inputs.ts";
import { overBlocks } from "./attention_loops.ts";

/** What is known of queries' mixed values after some of their keys. */
type Mixture = {
  /** Largest score of each query: `[heads, queries, 1]`. */
  largest: Value;
  /** Sum of e^(score - largest): `[heads, queries, 1]`. */
  total: Value;
  /** Values weighted by e^(score - largest): `[heads, queries, head size]`. */
  mixed: Value;
};

/** A mixture of scores' values, and of what is known already. */
function mixture(g: Graph, scores: Value, values: Value, before?: Mixture): Mixture {
  const here = reduceMax(g, scores, [-1]);
  const largest = before ? maximum(g, before.largest, here) : here;
  const weights = exp(g, sub(g, scores, largest));
  const [total, mixed] = [reduceSum(g, weights, [-1]), matmul(g, weights, values)];
  if (!before) return { largest, total, mixed };
  const kept = exp(g, sub(g, before.largest, largest));
  return {
    largest,
    total: add(g, mul(g, before.total, kept), total),
    mixed: add(g, mul(g, before.mixed, kept), mixed),
  };
}

/**
 * Mixed values and the log of each query's normaliser.
 *
 * The keys that a mask is for come first: there are always some, of which each query sees one at
 * least. The others follow tile by tile, and what is known is scaled down where a larger score comes.
 */
export function expandForward(g: Graph, node: Node): Value[] {
  const { q, k, v, plan, heads } = new AttentionInputs(node);
  return overHeads(g, heads, [q, k, v], (g, set, [q, k, v]) => {
    const queries = set.queries(g, q);
    const [keysTurned, values] = [swapLast(g, set.keys(g, k)), set.keys(g, v)];
    return overBlocks(g, plan, set, (block) => {
      const b = block.g;
      const own = block.rows(queries);
      const masked = add(b, matmul(b, own, block.own(keysTurned, 2)), block.mask());
      const start = mixture(b, masked, block.own(values, 1));
      const { largest, total, mixed } = block.overPast<Mixture>(start, (tile, before) => {
        const scores = matmul(tile.g, own, tile.keys(keysTurned, 2));
        return mixture(tile.g, scores, tile.keys(values, 1), before);
      });
      const normaliser = add(b, largest, log(b, total));
      return [block.sideBySide(div(b, mixed, total)), block.sideBySide(normaliser)];
    });
  });
}
