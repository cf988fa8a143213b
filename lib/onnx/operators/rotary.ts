/**
 * Rotary position embedding, and its gradient.
 *
 * @module
 */

import type { Graph, Value } from "../graph.ts";
import { neg } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import type { GradientRules } from "./rule.ts";

function turn(g: Graph, x: Value, cos: Value, sin: Value, heads: number): Value {
  const inputs = [x, g.ints([0]), cos, sin];
  return g.node("RotaryEmbedding", inputs, "float32", x.shape, { num_heads: heads });
}

/**
 * Turns each pair (i, i + half) of every head by its token's angle.
 *
 * @param x `[tokens, heads * head size]`
 * @param cos `[tokens, head size / 2]`, cosines of the angles; whatever they are multiplied with, the
 * result is too.
 * @param sin `[tokens, head size / 2]`
 */
export function rotate(g: Graph, x: Value, cos: Value, sin: Value): Value {
  const [tokens, width] = x.shape;
  const heads = Number(width) / (2 * Number(cos.shape[1]));
  if (!Number.isInteger(heads)) {
    throw new TypeError(`Cannot turn heads in [${x.shape}] by angles of shape [${cos.shape}]`);
  }
  const turned = turn(g, reshape(g, x, [1, tokens, width]), cos, sin, heads);
  return reshape(g, turned, [tokens, width]);
}

/** Gradient rules of rotary embedding: turning back. */
export const rotaryRules: GradientRules = {
  RotaryEmbedding(g, { inputs: [, , cos, sin], attributes }, [dy]) {
    return [turn(g, dy!, cos!, neg(g, sin!), attributes.num_heads as number)];
  },
};
