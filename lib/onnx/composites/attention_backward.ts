import type { Graph, Node, Value } from "../graph.ts";
import { add, exp, mul, neg } from "../operators/elementwise.ts";
import { concat, reshape } from "../operators/layout.ts";
import { matmul, swapLast } from "../operators/matmul.ts";
import { reduceSum } from "../operators/reduce.ts";
import { overHeads } from "./attention_heads.ts";
import type { Block } from "./attention_block.ts";
import { AttentionInputs } from "./attention_inputs.ts";
import { overTiles, type PairGradients } from "./attention_over_tiles.ts";
import { mostKeysSeen } from "./attention_tables.ts";
import { withOnes } from "./with_ones.ts";

/** Keys and values in the forms that products read. */
interface Keys {
  /** `[heads, keys, size + 1]` */
  keysOne: Value;
  /** `[heads, keys, size + 1]` */
  valuesOne: Value;
  /** `[heads, size, keys]` */
  keysTurned: Value;
}

/** Queries and the gradients of what they mixed, in the forms that products read. */
interface Queries {
  /** `[heads, queries, size]` */
  q: Value;
  /** `[heads, queries, size + 1]`: beside the normaliser below zero. */
  qOne: Value;
  /** `[heads, queries, size]` */
  dy: Value;
  /** `[heads, queries, size + 1]`: beside the mean gradient of weights below zero. */
  dyOne: Value;
}

/**
 * Gradients from the scores of some queries and keys.
 *
 * Weights are e^(score - normaliser), and gradients of scores are weights times what the weight's
 * gradient is above the query's mean. Both differences come out of the matrix products. Scores are
 * `[keys, queries]` here, so that no product reads its first factor transposed: that is slow, and
 * over no keys the runtime gives garbage for it.
 */
function gradients(
  g: Graph,
  { keysOne, valuesOne, keysTurned }: Keys,
  { q, qOne, dy, dyOne }: Queries,
  mask?: Value,
): PairGradients {
  const scores = matmul(g, keysOne, swapLast(g, qOne));
  const weights = exp(g, mask ? add(g, scores, mask) : scores);
  const dScores = mul(g, weights, matmul(g, valuesOne, swapLast(g, dyOne)));
  return {
    dqTurned: matmul(g, keysTurned, dScores),
    dk: matmul(g, dScores, q),
    dv: matmul(g, weights, dy),
  };
}

/**
 * Given the forward's inputs, its outputs and the gradient of the first: gradients of q, k and v.
 *
 * Tile by tile of keys: those of its keys are added up in place of the tile, those of queries are
 * carried on for as long as later tiles add to them.
 */
export function expandBackward(g: Graph, node: Node): Value[] {
  const { q, k, v, rest: [mixed, normaliser, dMixed], plan, heads } = new AttentionInputs(node);
  const [tokens, width] = mixed.shape;
  const perHead = reshape(g, mul(g, mixed, dMixed), [
    tokens,
    heads.heads,
    Number(width) / heads.heads,
  ]);
  const below = neg(g, normaliser);
  const mean = neg(g, reduceSum(g, perHead, [-1], false));
  const read = [q, k, v, dMixed, below, mean];

  return overHeads(
    g,
    heads,
    mostKeysSeen(g, plan),
    read,
    (g, set, [q, k, v, dMixed, below, mean]) => {
      const [keys, values] = [set.keys(g, k), set.keys(g, v)];
      const all: Keys = {
        keysOne: withOnes(g, keys),
        valuesOne: withOnes(g, values),
        keysTurned: swapLast(g, keys),
      };
      const rows = (x: Value, last: Value) => {
        const [own, more] = [set.queries(g, x), set.queries(g, last)];
        return [own, concat(g, [own, more], 2)];
      };
      const [[queries, qOne], [dy, dyOne]] = [rows(q, below), rows(dMixed, mean)];
      const of = (block: Block): Queries => ({
        q: block.rows(queries),
        qOne: block.rows(qOne),
        dy: block.rows(dy),
        dyOne: block.rows(dyOne),
      });
      const within = (take: (x: Value, axis: number) => Value): Keys => ({
        keysOne: take(all.keysOne, 1),
        valuesOne: take(all.valuesOne, 1),
        keysTurned: take(all.keysTurned, 2),
      });

      return overTiles(g, plan, set, Number(keys.shape[2]), (tile) => {
        const here = within((x, axis) => tile.keys(x, axis));
        return {
          near(block) {
            const mine = of(block);
            const past = gradients(block.g, within((x, axis) => block.past(x, axis)), mine);
            const mask = swapLast(block.g, block.mask());
            const own = gradients(block.g, within((x, axis) => block.own(x, axis)), mine, mask);
            return {
              dqTurned: add(block.g, past.dqTurned, own.dqTurned),
              dk: block.placed(past.dk, own.dk, tile),
              dv: block.placed(past.dv, own.dv, tile),
            };
          },
          far: (block) => gradients(block.g, here, of(block)),
        };
      });
    },
  );
}
