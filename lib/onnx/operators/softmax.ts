/**
 * Softmax and log-sum-exp, and their gradients.
 *
 * @module
 */

import type { Graph, Value } from "../graph.ts";
import { add, exp, log, mul, sub } from "./elementwise.ts";
import { reduceMax, reduceSum } from "./reduce.ts";
import { reshape } from "./layout.ts";
import type { GradientRules } from "./rule.ts";

/** Softmax over the last axis. */
export function softmax(g: Graph, x: Value): Value {
  return g.node("Softmax", [x], "float32", x.shape, { axis: -1 });
}

/** `log(sum(e^x))` over the last axis, without overflow; the axis is dropped. */
export function logSumExp(g: Graph, x: Value): Value {
  // The shift cancels out, so that treating it as a constant leaves the gradient right.
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

  // Only reached through logSumExp's shift: its two uses cancel, so the gradient is absent.
  ReduceMax: () => [undefined, undefined],
};
