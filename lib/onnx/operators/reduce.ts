/**
 * Sums, means and maxima along axes, and their gradients.
 *
 * @module
 */

import { axisOf, type Shape } from "../dims.ts";
import type { Graph, Node, Value } from "../graph.ts";
import { expand, shapeOf } from "./layout.ts";
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

/** Maximum along axes, kept as lengths of 1; elements that are equally large share its gradient. */
export function reduceMax(g: Graph, x: Value, axes: readonly number[]): Value {
  return reduce("ReduceMax", g, x, axes, true);
}

/** Sums a gradient over the axes along which an operand of `shape` was broadcast. */
export function unbroadcast(g: Graph, gradient: Value, shape: Shape): Value {
  const extra = gradient.shape.length - shape.length;
  const leading = Array.from({ length: extra }, (_, axis) => axis);
  const sameRank = extra > 0 ? reduceSum(g, gradient, leading, false) : gradient;
  const stretched = [...shape.keys()]
    .filter((axis) => shape[axis] === 1 && sameRank.shape[axis] !== 1);
  return stretched.length > 0 ? reduceSum(g, sameRank, stretched) : sameRank;
}

function axesOf(g: Graph, node: Node): number[] {
  return Array.from(g.constants.get(node.inputs[1]!) as BigInt64Array, Number);
}

/** A reduction's gradient at every element that was reduced. */
function spread(g: Graph, node: Node, dy: Value): Value {
  const [x, axes] = node.inputs as Value[];
  const at = axesOf(g, node);
  const shape = x.shape.map((dim, axis) => at.includes(axis) ? 1 : dim);
  const kept = node.attributes.keepdims === 1
    ? dy
    : g.node("Unsqueeze", [dy, axes], dy.type, shape);
  return expand(g, kept, shapeOf(g, x), x.shape);
}

/** Gradient rules of the reductions. */
export const reduceRules: GradientRules = {
  ReduceSum: (g, node, [dy]) => [spread(g, node, dy!), undefined],

  ReduceMean(g, node, [dy]) {
    const x = node.inputs[0]!;
    const count = axesOf(g, node).reduce((product, axis) => {
      const dim = x.shape[axis];
      if (typeof dim === "string") throw new TypeError(`Cannot differentiate a mean over ${dim}`);
      return product * dim;
    }, 1);
    const scaled = g.node("Div", [dy, g.scalar(count)], "float32", dy!.shape);
    return [spread(g, node, scaled), undefined];
  },

  Expand: (g, { inputs: [x] }, [dy]) => [unbroadcast(g, dy!, x!.shape), undefined],
};
