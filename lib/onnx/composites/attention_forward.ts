import type { Graph, Node, Value } from "../graph.ts";
import { add, div, exp, log, maximum, mul, neg, sub } from "../operators/elementwise.ts";
import { lessOrEqual } from "../operators/compare.ts";
import { concat } from "../operators/layout.ts";
import { matmul, swapLast } from "../operators/matmul.ts";
import { reduceMax, reduceSum } from "../operators/reduce.ts";
import type { Block } from "./attention_block.ts";
import { overHeads } from "./attention_heads.ts";
import { AttentionInputs } from "./attention_inputs.ts";
import { overBlocks } from "./attention_over_blocks.ts";
import { mostKeysSeen } from "./attention_tables.ts";
import { branch } from "./branch.ts";
import { withOnes } from "./with_ones.ts";

/** What is known of queries' mixed values after some of their keys. */
type Mixture = {
  /** What scores are compared with: `[heads, queries, 1]`. */
  reference: Value;
  /** Sum of e^(score - reference): `[heads, queries, 1]`. */
  total: Value;
  /** Values weighted by e^(score - reference): `[heads, queries, head size]`. */
  mixed: Value;
};

/** Keys and values of all tokens. */
interface Keys {
  /** `[heads, keys, head size]` */
  keys: Value;
  /** `[heads, keys, head size + 1]`: the same beside ones. */
  keysOne: Value;
  /** `[heads, keys, head size]` */
  values: Value;
}

/** Sums of weights and of values weighted by them. */
function weighed(g: Graph, weights: Value, values: Value): Pick<Mixture, "total" | "mixed"> {
  return { total: reduceSum(g, weights, [-1]), mixed: matmul(g, weights, values) };
}

/** A mixture with the largest score as its reference. */
function mixture(g: Graph, scores: Value, values: Value): Mixture {
  const reference = reduceMax(g, scores, [-1]);
  return { reference, ...weighed(g, exp(g, sub(g, scores, reference)), values) };
}

/** Two mixtures as one, with the larger reference. */
function together(g: Graph, a: Mixture, b: Mixture): Mixture {
  const reference = maximum(g, a.reference, b.reference);
  const [left, right] = [a, b].map((x) => exp(g, sub(g, x.reference, reference)));
  const sum = (of: "total" | "mixed") => add(g, mul(g, a[of], left), mul(g, b[of], right));
  return { reference, total: sum("total"), mixed: sum("mixed") };
}

/** Sums of weights from which on some are infinite, or may soon be. */
const TOO_LARGE = 1e30;

/**
 * What the keys that all of a block's queries see add to a mixture.
 *
 * The reference stays what it was and is subtracted by the product that gives the scores, so that
 * each is passed over as few times as can be. Scores so far above that e to them is infinite are rare:
 * then all is computed again, with a reference that rises.
 */
function withPast(block: Block, queries: Value, start: Mixture, keys: Keys): Mixture {
  const { g } = block;
  const below = concat(g, [queries, neg(g, start.reference)], 2);
  const { total, mixed } = block.overPast(g, { total: start.total, mixed: start.mixed }, (
    { g, keys: part },
    before,
  ) => {
    const weights = exp(g, matmul(g, below, swapLast(g, part(keys.keysOne))));
    const here = weighed(g, weights, part(keys.values));
    return { total: add(g, before.total, here.total), mixed: add(g, before.mixed, here.mixed) };
  });
  const fits = lessOrEqual(g, reduceMax(g, total, [0, 1, 2]), g.scalar(TOO_LARGE));
  const rising = (g: Graph) =>
    block.overPast(g, start, ({ g, keys: part }, before) => {
      const scores = matmul(g, queries, swapLast(g, part(keys.keys)));
      return together(g, before, mixture(g, scores, part(keys.values)));
    });
  const kept = { reference: start.reference, total, mixed };
  const [reference, ...rest] = branch(
    g,
    fits,
    () => Object.values(kept),
    (inner) => Object.values(rising(inner)),
  );
  return { reference, total: rest[0], mixed: rest[1] };
}

/**
 * Mixed values and the log of each query's normaliser.
 *
 * The keys that a mask is for come first: there are always some, and each query sees one of them at
 * least, so that their largest score is a reference for the others.
 */
export function expandForward(g: Graph, node: Node): Value[] {
  const { q, k, v, plan, heads } = new AttentionInputs(node);
  return overHeads(g, heads, mostKeysSeen(g, plan), [q, k, v], (g, set, [q, k, v]) => {
    const queries = set.queries(g, q);
    const byHead = set.keys(g, k);
    const keys = { keys: byHead, keysOne: withOnes(g, byHead), values: set.keys(g, v) };
    return overBlocks(g, plan, set, (block) => {
      const b = block.g;
      const own = block.rows(queries);
      const scores = matmul(b, own, swapLast(b, block.own(keys.keys)));
      const start = mixture(b, add(b, scores, block.mask()), block.own(keys.values));
      const { reference, total, mixed } = withPast(block, own, start, keys);
      const normaliser = add(b, reference, log(b, total));
      return [block.sideBySide(div(b, mixed, total)), block.sideBySide(normaliser)];
    });
  });
}
