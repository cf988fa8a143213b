/**
 * Softmax, log-sum-exp and the maximum under them, and their gradients.
 *
 * @module
 */

import type { Graph, Value } from "../graph.ts";
import { equal, indicator } from "./compare.ts";
import { add, div, exp, log, mul, sub } from "./elementwise.ts";
import { reduceMax, reduceSum } from "./reduce.ts";
import { reshape } from "./layout.ts";
import type { GradientRules } from "./rule.ts";

/** Softmax over the last axis. */
export function softmax(g: Graph, x: Value): Value {
  return g.node("Softmax", [x], "float32", x.shape, { axis: -1 });
}

/** Logarithm of the softmax over the last axis. */
export function logSoftmax(g: Graph, x: Value): Value {
  return g.node("LogSoftmax", [x], "float32", x.shape, { axis: -1 });
}

/** `log(sum(e^x))` over the last axis, without overflow; the axis is dropped. */
export function logSumExp(g: Graph, x: Value): Value {
  const shift = reduceMax(g, x, [-1]);
  const total = add(g, log(g, reduceSum(g, exp(g, sub(g, x, shift)), [-1])), shift);
  return reshape(g, total, x.shape.slice(0, -1));
}

/** Gradient rules of the softmax family. */
export const softmaxRules: GradientRules = {
  Softmax(g, { outputs: [y] }, [dy]) {
    const weighted = mul(g, dy!, y);
    return [sub(g, weighted, mul(g, y, reduceSum(g, weighted, [-1])))];
  },

  LogSoftmax(g, { outputs: [y] }, [dy]) {
    return [sub(g, dy!, mul(g, exp(g, y), reduceSum(g, dy!, [-1])))];
  },

  ReduceMax(g, { inputs: [x, axes], outputs: [y] }, [dy]) {
    const largest = indicator(g, equal(g, x!, y));
    const count = g.node("ReduceSum", [largest, axes], "float32", y.shape, { keepdims: 1 });
    return [mul(g, largest, div(g, dy!, count)), undefined];
  },
};
