/**
 * Elementwise arithmetic and functions, and their gradients.
 *
 * @module
 */

import { broadcast } from "../dims.ts";
import type { Graph, Value } from "../graph.ts";
import { unbroadcast } from "./reduce.ts";
import type { GradientRules } from "./rule.ts";

/** An operator on two tensors of one type, broadcast as in NumPy. */
export type Binary = (g: Graph, a: Value, b: Value) => Value;
/** An operator on each element of a tensor; type and shape stay. */
export type Unary = (g: Graph, x: Value) => Value;

function binary(op: string): Binary {
  return (g, a, b) => g.node(op, [a, b], a.type, broadcast(a.shape, b.shape));
}

function unary(op: string): Unary {
  return (g, x) => g.node(op, [x], x.type, x.shape);
}

/** `a + b` */
export const add: Binary = binary("Add");
/** `a - b` */
export const sub: Binary = binary("Sub");
/** `a * b` */
export const mul: Binary = binary("Mul");
/** `a / b` */
export const div: Binary = binary("Div");
/** `-x` */
export const neg: Unary = unary("Neg");
/** Natural exponential. */
export const exp: Unary = unary("Exp");
/** Natural logarithm. */
export const log: Unary = unary("Log");
/** Square root. */
export const sqrt: Unary = unary("Sqrt");
/** `1 / x` */
export const reciprocal: Unary = unary("Reciprocal");
/** `1 / (1 + e^-x)` */
export const sigmoid: Unary = unary("Sigmoid");
/** `log(1 + e^x)`, finite for every finite `x`. */
export const softplus: Unary = unary("Softplus");
/** Hyperbolic tangent. */
export const tanh: Unary = unary("Tanh");

/** `x * sigmoid(x)`, the gate of Llama's feed-forward part. */
export function silu(g: Graph, x: Value): Value {
  return mul(g, x, sigmoid(g, x));
}

/** `log(sigmoid(x))`, finite for every finite `x`. */
export function logSigmoid(g: Graph, x: Value): Value {
  return neg(g, softplus(g, neg(g, x)));
}

/** The smaller of two. It has no gradient rule. */
export const minimum: Binary = binary("Min");
/** The larger of two. It has no gradient rule. */
export const maximum: Binary = binary("Max");

/** Gradient rules of the elementwise family. */
export const elementwiseRules: GradientRules = {
  Add: (g, { inputs: [a, b] }, [dy], [wantA, wantB]) => [
    wantA ? unbroadcast(g, dy!, a!.shape) : undefined,
    wantB ? unbroadcast(g, dy!, b!.shape) : undefined,
  ],

  Sub: (g, { inputs: [a, b] }, [dy], [wantA, wantB]) => [
    wantA ? unbroadcast(g, dy!, a!.shape) : undefined,
    wantB ? neg(g, unbroadcast(g, dy!, b!.shape)) : undefined,
  ],

  Mul: (g, { inputs: [a, b] }, [dy], [wantA, wantB]) => [
    wantA ? unbroadcast(g, mul(g, dy!, b!), a!.shape) : undefined,
    wantB ? unbroadcast(g, mul(g, dy!, a!), b!.shape) : undefined,
  ],

  Div(g, { inputs: [a, b], outputs: [y] }, [dy], [wantA, wantB]) {
    const scaled = div(g, dy!, b!);
    return [
      wantA ? unbroadcast(g, scaled, a!.shape) : undefined,
      wantB ? neg(g, unbroadcast(g, mul(g, scaled, y), b!.shape)) : undefined,
    ];
  },

  Neg: (g, _node, [dy]) => [neg(g, dy!)],
  Exp: (g, { outputs: [y] }, [dy]) => [mul(g, dy!, y)],
  Log: (g, { inputs: [x] }, [dy]) => [div(g, dy!, x!)],
  Sqrt: (g, { outputs: [y] }, [dy]) => [div(g, mul(g, dy!, g.scalar(0.5)), y)],
  Reciprocal: (g, { outputs: [y] }, [dy]) => [neg(g, mul(g, dy!, mul(g, y, y)))],
  // The sigmoid of x. Kernels' own is right to 1e-7 of one, and not of what is left far below zero.
  Softplus: (g, { inputs: [x], outputs: [y] }, [dy]) => [mul(g, dy!, exp(g, sub(g, x!, y)))],
  Tanh: (g, { outputs: [y] }, [dy]) => [mul(g, dy!, sub(g, g.scalar(1), mul(g, y, y)))],

  Sigmoid(g, { outputs: [y] }, [dy]) {
    return [mul(g, dy!, mul(g, y, sub(g, g.scalar(1), y)))];
  },
};
