/**
 * The gated activation of Llama's feed-forward part, and its gradient.
 *
 * @module
 */

import type { Graph, Node, Value } from "../graph.ts";
import { add, mul, sigmoid, silu, sub } from "../operators/elementwise.ts";
import type { GradientRules } from "../operators/rule.ts";

/** `silu(gate) * up`, elementwise. */
export function swiGlu(g: Graph, gate: Value, up: Value): Value {
  return g.node("SwiGlu", [gate, up], "float32", gate.shape);
}

/** Gradient rules of gated activations. */
export const swiGluRules: GradientRules = {
  // With s = sigmoid(gate) and y = gate * s * up, dy/dgate is s * (up - y) + y: half as many passes
  // as the rules of the product and the sigmoid would make.
  SwiGlu(g, { inputs: [gate, up], outputs: [y] }, [dy], [wantGate, wantUp]) {
    const slope = () => add(g, mul(g, sigmoid(g, gate!), sub(g, up!, y)), y);
    return [
      wantGate ? mul(g, dy!, slope()) : undefined,
      wantUp ? mul(g, dy!, silu(g, gate!)) : undefined,
    ];
  },
};

/** Expansions of gated activations. */
export const swiGluComposites = {
  SwiGlu: (g: Graph, { inputs: [gate, up] }: Node): Value[] => [mul(g, silu(g, gate!), up!)],
};
