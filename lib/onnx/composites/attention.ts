/**
 * Blockwise attention over a row of which each token sees some of the tokens before.
 *
 * Queries are taken block by block, each block against the keys that it may see; scores are
 * computed again for the gradient and never kept, so that memory grows linearly with the row.
 *
 * @module
 */

import type { Node, Value } from "../graph.ts";
import type { Graph } from "../graph.ts";
import type { GradientRules } from "../operators/rule.ts";
import { expandBackward } from "./attention_backward.ts";
import { expandForward } from "./attention_forward.ts";

/** How a row is cut up; made once a row and read by every layer. Ranges are half-open, of tokens. */
export interface AttentionPlanValues {
  /**
   * int64 `[blocks, 10]`: a block's queries; keys that all of them see; keys that a mask is for; where
   * the mask is; in how many tiles the keys that all see are taken, and how long these are.
   */
  blocks: Value;
  /** int64 `[pairs, 8]`: the same ranges, of a tile's keys alone, for the tiles' near blocks. */
  near: Value;
  /**
   * int64 `[tiles, 8]`: a tile's keys; the first block that sees some of them, the first of those
   * that see all, one past the last; how many blocks no later tile is seen by; how many blocks begin
   * with the next tile; the tile's first row of `near`.
   */
  tiles: Value;
  /**
   * float32: masks `[queries, keys]` one after another, to be added to scores of the last of the keys
   * that they are for: those before are seen by all queries.
   */
  masks: Value;
  /**
   * int64 `[4]`: most queries of a block, keys of a tile, blocks done with a tile, and keys that a
   * block sees.
   */
  longest: Value;
  /** int64 `[tokens]`: place among queries where blocks are padded to the longest. */
  queryPlaces: Value;
  /** int64 `[tokens]`: place among keys where tiles are padded to the longest. */
  keyPlaces: Value;
  /** int64 `[blocks]`: place among blocks where as many are done with every tile. */
  blockPlaces: Value;
}

/** Heads of queries, and of the keys and values that groups of them share. */
export interface Heads {
  /** Heads of queries. */
  heads: number;
  /** Heads of keys and values. */
  keyValueHeads: number;
}

/** What attention gives. */
export interface AttentionResult {
  /** `[tokens, heads * head size]` */
  mixed: Value;
  /** `[tokens, heads]`: log of the sum of e^score; kept for the gradient and has none itself. */
  normaliser: Value;
}

/**
 * Attention of a row with itself, grouped queries included.
 *
 * @param q `[tokens, heads * head size]`, already scaled.
 * @param k `[tokens, key-value heads * head size]`
 * @param v `[tokens, key-value heads * head size]`
 */
export function blockwiseAttention(
  g: Graph,
  q: Value,
  k: Value,
  v: Value,
  plan: AttentionPlanValues,
  { heads, keyValueHeads }: Heads,
): AttentionResult {
  const { blocks, near, tiles, masks, longest, queryPlaces, keyPlaces, blockPlaces } = plan;
  const cut = [blocks, near, tiles, masks, longest, queryPlaces, keyPlaces, blockPlaces];
  const inputs = [q, k, v, ...cut];
  const [mixed, normaliser] = g.nodeOf("BlockwiseAttention", inputs, [
    { type: "float32", shape: q.shape },
    { type: "float32", shape: [q.shape[0], heads] },
  ], { heads, keyValueHeads });
  return { mixed, normaliser };
}

/** The gradient of attention is a composite of its own. */
export const attentionRules: GradientRules = {
  BlockwiseAttention(g, { inputs, outputs, attributes }, [dMixed]) {
    const like = (at: number) => ({ type: "float32" as const, shape: inputs[at]!.shape });
    const all = [...inputs, ...outputs, dMixed];
    return g.nodeOf("BlockwiseAttentionGradient", all, [like(0), like(1), like(2)], attributes);
  },
};

/** Expansions of attention and its gradient. */
export const attentionComposites: Record<string, (g: Graph, node: Node) => Value[]> = {
  BlockwiseAttention: expandForward,
  BlockwiseAttentionGradient: expandBackward,
};
