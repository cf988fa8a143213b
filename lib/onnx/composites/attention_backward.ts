import type { Graph, Node, Value } from "../graph.ts";
import { add, exp, mul, neg } from "../operators/elementwise.ts";
import { zerosLike } from "../operators/gather.ts";
import { concat, reshape } from "../operators/layout.ts";
import { matmul, swapLast } from "../operators/matmul.ts";
import { reduceSum } from "../operators/reduce.ts";
import { AttentionRow } from "./attention_loops.ts";

/** `x` with a column of ones, so that a product with it also adds another factor's last column. */
function withOnes(g: Graph, x: Value): Value {
  const [heads, keys, size] = x.shape;
  return g.node("Pad", [x, g.ints([0, 1]), g.scalar(1), g.ints([2])], "float32", [
    heads,
    keys,
    Number(size) + 1,
  ]);
}

/**
 * Given the forward's inputs, its outputs and the gradient of the first: gradients of q, k and v.
 *
 * Weights are e^(score - normaliser), and gradients of scores are weights times what the weight's
 * gradient is above the query's mean. Both differences come out of the matrix products. Scores are
 * `[keys, queries]` here, so that no product reads its first factor transposed: that is slow, and
 * over no keys the runtime gives garbage for it.
 */
export function expandBackward(g: Graph, node: Node): Value[] {
  const row = new AttentionRow(node);
  const [mixed, normaliser, dMixed] = row.rest;
  const [tokens, width] = mixed.shape;
  const perHead = reshape(g, mul(g, mixed, dMixed), [tokens, Number(width) / row.size, row.size]);
  const below = neg(g, normaliser);
  const mean = neg(g, reduceSum(g, perHead, [-1], false));

  return row.overGroups(g, (group) => {
    const [keys, values] = [group.byHead(row.k), group.byHead(row.v)];
    const [keysOne, valuesOne] = [withOnes(group.g, keys), withOnes(group.g, values)];
    const keysTurned = swapLast(group.g, keys);
    const zeros = zerosLike(group.g, keys);
    const { carried, stacked } = group.overBlocks([zeros, zeros], (block, [dk, dv]) => {
      const b = block.g;
      const [q4, dy4] = [block.queries(row.q), block.queries(dMixed)];
      const [q, dy] = [block.byHead(q4), block.byHead(dy4)];
      const qOne = block.byHead(concat(b, [q4, block.queries(below)], 3));
      const dyOne = block.byHead(concat(b, [dy4, block.queries(mean)], 3));

      const part = (take: (x: Value, axis?: number) => Value, mask?: Value) => {
        const scores = matmul(b, take(keysOne), swapLast(b, qOne));
        const p = exp(b, mask ? add(b, scores, mask) : scores);
        const ds = mul(b, p, matmul(b, take(valuesOne), swapLast(b, dyOne)));
        return {
          dqTurned: matmul(b, take(keysTurned, 2), ds),
          dk: matmul(b, ds, q),
          dv: matmul(b, p, dy),
        };
      };
      const past = part((x, axis) => block.past(x, axis));
      const own = part((x, axis) => block.own(x, axis), swapLast(b, block.mask()));
      return {
        carried: [
          add(b, dk, block.placed(past.dk, own.dk, group.keyCount)),
          add(b, dv, block.placed(past.dv, own.dv, group.keyCount)),
        ],
        queries: [block.sideBySide(swapLast(b, add(b, past.dqTurned, own.dqTurned)))],
      };
    });
    return { queries: stacked, keys: carried.map((x) => group.sideBySide(x)) };
  });
}
