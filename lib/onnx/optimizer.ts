/**
 * AdamW as a graph: `optimizer_model.onnx`.
 *
 * @module
 */

import { Graph, type Value } from "./graph.ts";
import { add, div, minimum, mul, sqrt, sub } from "./operators/elementwise.ts";

/** The scalar inputs of the optimiser graph, in order. */
export const OPTIMIZER_SCALARS = [
  "learning_rate",
  "beta1",
  "beta2",
  "epsilon",
  "weight_decay",
  "correction1",
  "correction2",
  "gradient_norm",
  "max_gradient_norm",
] as const;

/**
 * One AdamW update of one parameter, in the manner of PyTorch.
 *
 * Decoupled weight decay; `correction1` and `correction2` are `1 - beta ** step`; the gradient is
 * scaled by `min(1, max_gradient_norm / (gradient_norm + 1e-6))`, where the norm is the global one.
 * Inputs and outputs are float32 `[elements]`, so that one graph serves parameters of any shape.
 * Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", algorithm 2.
 */
export function adamW(): Graph {
  const g = new Graph("adamw");
  const vector = (name: string): Value => g.input(name, "float32", ["elements"]);
  const [parameter, gradient] = [vector("parameter"), vector("gradient")];
  const [first, second] = [vector("first_moment"), vector("second_moment")];
  const [rate, beta1, beta2, epsilon, decay, correction1, correction2, norm, maxNorm] =
    OPTIMIZER_SCALARS.map((name) => g.input(name, "float32", []));
  const one = g.scalar(1);

  const clip = minimum(g, one, div(g, maxNorm, add(g, norm, g.scalar(1e-6))));
  const clipped = mul(g, gradient, clip);
  const mix = (beta: Value, old: Value, now: Value) =>
    add(g, mul(g, old, beta), mul(g, now, sub(g, one, beta)));
  const m = mix(beta1, first, clipped);
  const v = mix(beta2, second, mul(g, clipped, clipped));

  const kept = mul(g, parameter, sub(g, one, mul(g, rate, decay)));
  const spread = add(g, sqrt(g, div(g, v, correction2)), epsilon);
  const step = mul(g, div(g, m, spread), div(g, rate, correction1));
  g.output("first_moment_out", m);
  g.output("second_moment_out", v);
  g.output("parameter_out", sub(g, kept, step));
  return g;
}
