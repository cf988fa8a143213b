import type { Graph, Node, Value } from "../graph.ts";
import { add, div, exp, log, sub } from "../operators/elementwise.ts";
import { concat } from "../operators/layout.ts";
import { matmul, swapLast } from "../operators/matmul.ts";
import { reduceMax, reduceSum } from "../operators/reduce.ts";
import { AttentionRow } from "./attention_loops.ts";

/**
 * A number a query out of those of past and own keys. The runtime gives nothing for the largest, or
 * the sum, of no keys: put together with the own keys' number, that is what it should be.
 */
function overKeys(
  g: Graph,
  reduce: typeof reduceMax,
  past: Value,
  own: Value,
): Value {
  return reduce(g, concat(g, [reduce(g, own, [-1]), reduce(g, past, [-1])], 2), [-1]);
}

/** Mixed values and the log of each query's normaliser. */
export function expandForward(g: Graph, node: Node): Value[] {
  const row = new AttentionRow(node);
  return row.overGroups(g, (group) => {
    const [keys, values] = [group.byHead(row.k), group.byHead(row.v)];
    const { stacked } = group.overBlocks([], (block) => {
      const b = block.g;
      const queries = block.byHead(block.queries(row.q));
      const scores = (part: Value) => matmul(b, queries, swapLast(b, part));
      const past = scores(block.past(keys));
      const own = add(b, scores(block.own(keys)), block.mask());

      const largest = overKeys(b, reduceMax, past, own);
      const [pastWeights, ownWeights] = [past, own].map((x) => exp(b, sub(b, x, largest)));
      const total = overKeys(b, reduceSum, pastWeights, ownWeights);
      const mixed = add(
        b,
        matmul(b, pastWeights, block.past(values)),
        matmul(b, ownWeights, block.own(values)),
      );
      const normaliser = add(b, largest, log(b, total));
      return {
        carried: [],
        queries: [block.sideBySide(div(b, mixed, total)), block.sideBySide(normaliser)],
      };
    });
    return { queries: stacked, keys: [] };
  });
}
