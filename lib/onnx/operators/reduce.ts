/**
 * Sums, means and maxima along axes, and their gradients.
 *
 * @module
 */

import { axisOf, type Shape } from "../dims.ts";
import type { Graph, Node, Value } from "../graph.ts";
import { expand, reshape, shapeOf } from "./layout.ts";
import type { GradientRules } from "./rule.ts";

function reduce(op: string, g: Graph, x: Value, axes: readonly number[], keep: boolean): Value {
  const at = axes.map((axis) => axisOf(x.shape.length, axis));
  const kept = x.shape.map((dim, axis) => at.includes(axis) ? 1 : dim);
  const shape = keep ? kept : x.shape.filter((_, axis) => !at.includes(axis));
  return g.node(op, [x, g.ints(at)], x.type, shape, { keepdims: keep ? 1 : 0 });
}

/** Sum along axes. */
export function reduceSum(g: Graph, x: Value, axes: readonly number[], keep = true): Value {
  return reduce("ReduceSum", g, x, axes, keep);
}

/** Mean along axes. */
export function reduceMean(g: Graph, x: Value, axes: readonly number[], keep = true): Value {
  return reduce("ReduceMean", g, x, axes, keep);
}

/** Maximum along axes. It has no gradient rule: use it where the result cancels out. */
export function reduceMax(g: Graph, x: Value, axes: readonly number[], keep = true): Value {
  return reduce("ReduceMax", g, x, axes, keep);
}

/** Sums a gradient over the axes along which an operand of `shape` was broadcast. */
export function unbroadcast(g: Graph, gradient: Value, shape: Shape): Value {
  const extra = gradient.shape.length - shape.length;
  const axes = gradient.shape
    .map((dim, axis) => axis < extra || (shape[axis - extra] === 1 && dim !== 1) ? axis : -1)
    .filter((axis) => axis >= 0);
  const summed = axes.length === 0 ? gradient : reduceSum(g, gradient, axes);
  return reshape(g, summed, shape);
}

function keptShape(g: Graph, { inputs: [x, axes] }: Node): Shape {
  const at = Array.from(g.constants.get(axes!) as BigInt64Array, Number);
  return x!.shape.map((dim, axis) => at.includes(axis) ? 1 : dim);
}

function spread(g: Graph, node: Node, dy: Value): Value {
  const x = node.inputs[0]!;
  return expand(g, reshape(g, dy, keptShape(g, node)), shapeOf(g, x), x.shape);
}

/** Gradient rules of the reductions. */
export const reduceRules: GradientRules = {
  ReduceSum: (g, node, [dy]) => [spread(g, node, dy!), undefined],

  ReduceMean(g, node, [dy]) {
    const x = node.inputs[0]!;
    const axes = Array.from(g.constants.get(node.inputs[1]!) as BigInt64Array, Number);
    const count = axes.reduce((product, axis) => {
      const dim = x.shape[axis];
      if (typeof dim === "string") throw new TypeError(`Cannot differentiate a mean over ${dim}`);
      return product * dim;
    }, 1);
    const scaled = g.node("Div", [dy, g.scalar(count)], "float32", dy!.shape);
    return [spread(g, node, scaled), undefined];
  },

  Expand: (g, { inputs: [x] }, [dy]) => [unbroadcast(g, dy!, x!.shape), undefined],
};
