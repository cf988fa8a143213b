/**
 * Blockwise attention over a row of trunks and branches.
 *
 * Queries are taken block by block, each block against the keys that it may see; scores are
 * computed again for the gradient and never kept, so that memory grows linearly with the row.
 *
 * @module
 */

import { type Dim, product } from "../dims.ts";
import type { Graph, Node, Value } from "../graph.ts";
import { add, mul, sub } from "../operators/elementwise.ts";
import { gatherRows } from "../operators/gather.ts";
import {
  concat,
  lengthOf,
  pad,
  reshape,
  reshapeTo,
  slice,
  transpose,
} from "../operators/layout.ts";
import { matmul, swapLast } from "../operators/matmul.ts";
import { reduceSum } from "../operators/reduce.ts";
import type { GradientRules } from "../operators/rule.ts";
import { softmax } from "../operators/softmax.ts";
import { type Marks, visibilityBias } from "../visibility.ts";
import { loop } from "./loop.ts";

/** Marks of a row and the blocks that it is cut into. */
export interface BlockedMarks extends Marks {
  /** int64 `[1]`: queries a block. */
  blockLength: Value;
  /** int64 `[blocks, 2]`: first and one past the last key that a query of the block may see. */
  keyRanges: Value;
}

/**
 * Attention of a row with itself, grouped queries included.
 *
 * @param q `[key-value heads, tokens, group, head size]`, already scaled.
 * @param k `[key-value heads, tokens, head size]`
 * @param v `[key-value heads, tokens, head size]`
 * @returns `[key-value heads, tokens, group, head size]`
 */
export function blockwiseAttention(
  g: Graph,
  q: Value,
  k: Value,
  v: Value,
  marks: BlockedMarks,
): Value {
  const { document, branch, order, blockLength, keyRanges } = marks;
  const inputs = [q, k, v, document, branch, order, blockLength, keyRanges];
  return g.node("BlockwiseAttention", inputs, "float32", q.shape);
}

/** The parts of a row that one block of queries needs. */
class Block {
  readonly #g: Graph;
  readonly #from: Value;
  readonly #to: Value;
  readonly firstKey: Value;
  readonly endKey: Value;

  constructor(g: Graph, index: Value, blockLength: Value, keyRanges: Value) {
    this.#g = g;
    const at = reshape(g, index, [1]);
    this.#from = mul(g, at, blockLength);
    this.#to = add(g, this.#from, blockLength);
    const range = reshape(g, gatherRows(g, keyRanges, at), [2]);
    this.firstKey = slice(g, range, 0, 0, 1);
    this.endKey = slice(g, range, 0, 1, 2);
  }

  /** Rows of the block out of a padded value. */
  queries(x: Value, axis: number): Value {
    return slice(this.#g, x, axis, this.#from, this.#to, "block");
  }

  /** Rows of the keys that the block sees. */
  keys(x: Value, axis: number): Value {
    return slice(this.#g, x, axis, this.firstKey, this.endKey, "keys");
  }

  /** Gradient rows of the keys, at their place in the whole row. */
  place(x: Value, axis: number, tokens: Dim, length: Value): Value {
    const after = sub(this.#g, length, this.endKey);
    return pad(this.#g, x, axis, this.firstKey, after, tokens);
  }
}

/** What forward and backward share: the row cut into blocks of equal length. */
function blocks(g: Graph, node: Node) {
  const [q, k, v, document, branch, order, blockLength, keyRanges] = node.inputs as Value[];
  const [heads, tokens, group, size] = q.shape;
  const count = lengthOf(g, keyRanges, 0);
  const length = lengthOf(g, q, 1);
  const missing = sub(g, mul(g, count, blockLength), length);
  const padded = (x: Value, axis: number) => pad(g, x, axis, 0, missing, "padded");
  // Padding takes the mark -1, which no document has: it sees nothing and is seen by nobody.
  const one = g.scalar(1);
  const marked = (x: Value) => sub(g, padded(add(g, x, one), 0), one);
  const marks: Marks = { document, branch, order };
  const padding: Marks = {
    document: marked(document),
    branch: marked(branch),
    order: marked(order),
  };

  // A block's rows are its queries times the group: one matrix product for all heads of a group.
  const rowCount = product([group, "block"]);
  const int = (...parts: (Value | number)[]) =>
    concat(g, parts.map((part) => typeof part === "number" ? g.ints([part]) : part), 0);
  const grouped = int(Number(heads), blockLength, Number(group), -1);
  const flattened = int(Number(heads), mul(g, blockLength, g.ints([Number(group)])), -1);
  const asRows = (inner: Graph, x: Value) => reshape(inner, x, [heads, rowCount, x.shape.at(-1)!]);

  /** Attention weights `[heads, group * block, keys]` of a block's query rows. */
  function weights(inner: Graph, block: Block, queries: Value, keys: Value): Value {
    const part = (of: Marks, take: (x: Value, axis: number) => Value): Marks => ({
      document: take(of.document, 0),
      branch: take(of.branch, 0),
      order: take(of.order, 0),
    });
    const mine = part(padding, (x) => block.queries(x, 0));
    const bias = visibilityBias(inner, mine, part(marks, (x) => block.keys(x, 0)));
    const scores = matmul(inner, queries, swapLast(inner, keys));
    const byGroup = reshapeTo(inner, scores, grouped, [heads, "block", group, "keys"]);
    const weights = softmax(inner, add(inner, byGroup, bias));
    return reshapeTo(inner, weights, flattened, [heads, rowCount, "keys"]);
  }

  /** Stacked blocks `[blocks, heads, block, group, size]` as one row. */
  function joined(stacked: Value): Value {
    const rows = transpose(g, stacked, [1, 0, 2, 3, 4]);
    const whole = g.node(
      "Reshape",
      [rows, g.ints([0, -1, Number(group), Number(size)])],
      "float32",
      [
        heads,
        "padded",
        group,
        size,
      ],
    );
    return slice(g, whole, 1, g.ints([0]), length, tokens);
  }

  const turns = reshape(g, count, []);
  const row = { q, k, v, tokens, heads, group, size, length, blockLength, keyRanges };
  return { ...row, turns, padded, asRows, weights, joined };
}

function expandForward(g: Graph, node: Node): Value[] {
  const { k, v, heads, group, size, turns, padded, asRows, weights, joined, ...row } = blocks(
    g,
    node,
  );
  const queries = padded(row.q, 1);
  const { stacked } = loop(g, turns, "blocks", [], (inner, index) => {
    const block = new Block(inner, index, row.blockLength, row.keyRanges);
    const p = weights(inner, block, asRows(inner, block.queries(queries, 1)), block.keys(k, 1));
    const mixed = matmul(inner, p, block.keys(v, 1));
    return { carried: [], stacked: [reshape(inner, mixed, [heads, "block", group, size])] };
  });
  return [joined(stacked[0])];
}

/** Given the forward's inputs, its output and the output's gradient: gradients of q, k, v. */
function expandBackward(g: Graph, node: Node): Value[] {
  const { k, v, heads, tokens, group, size, turns, padded, asRows, weights, joined, ...row } =
    blocks(
      g,
      node,
    );
  const [out, dOut] = node.inputs.slice(8) as Value[];
  const queries = padded(row.q, 1);
  const outputGradients = padded(dOut, 1);
  // The row sums of weights times their gradient, from values of the output's size alone.
  const rowSums = padded(reduceSum(g, mul(g, out, dOut), [-1]), 1);
  const zeros = mul(g, k, g.scalar(0));

  const { carried, stacked } = loop(g, turns, "blocks", [zeros, zeros], (b, index, [dk, dv]) => {
    const block = new Block(b, index, row.blockLength, row.keyRanges);
    const mine = (x: Value) => asRows(b, block.queries(x, 1));
    const place = (x: Value) => block.place(x, 1, tokens, row.length);
    const [q, dy, keys, values] = [
      mine(queries),
      mine(outputGradients),
      block.keys(k, 1),
      block.keys(v, 1),
    ];
    const p = weights(b, block, q, keys);
    const dp = matmul(b, dy, swapLast(b, values));
    const ds = mul(b, p, sub(b, dp, mine(rowSums)));
    return {
      carried: [
        add(b, dk, place(matmul(b, swapLast(b, ds), q))),
        add(b, dv, place(matmul(b, swapLast(b, p), dy))),
      ],
      stacked: [reshape(b, matmul(b, ds, keys), [heads, "block", group, size])],
    };
  });
  return [joined(stacked[0]), carried[0], carried[1]];
}

/** The gradient of attention is a composite of its own. */
export const attentionRules: GradientRules = {
  BlockwiseAttention(g, { inputs, outputs: [out] }, [dOut]) {
    const [q, k, v] = inputs as Value[];
    const like = ({ shape }: Value) => ({ type: "float32" as const, shape });
    return g.nodeOf("BlockwiseAttentionGradient", [...inputs, out, dOut], [
      like(q),
      like(k),
      like(v),
    ]);
  },
};

/** Expansions of attention and its gradient. */
export const attentionComposites = {
  BlockwiseAttention: expandForward,
  BlockwiseAttentionGradient: expandBackward,
};
