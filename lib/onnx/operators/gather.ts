/**
 * Picking rows, and adding gradients back to where they were picked.
 *
 * @module
 */

import type { Graph, Value } from "../graph.ts";
import { shapeOf, unsqueeze } from "./layout.ts";
import type { GradientRules } from "./rule.ts";

/** Rows of `x` by int64 index: `[rows, ...] , [n] -> [n, ...]`. */
export function gatherRows(g: Graph, x: Value, index: Value): Value {
  return g.node("Gather", [x, index], x.type, [...index.shape, ...x.shape.slice(1)], { axis: 0 });
}

/** One element of each row: `[rows, n], [rows, 1] -> [rows, 1]`. */
export function gatherElements(g: Graph, x: Value, index: Value): Value {
  return g.node("GatherElements", [x, index], x.type, index.shape, { axis: 1 });
}

/** `x` with `updates` added at rows; an index may occur more than once. */
export function scatterAddRows(g: Graph, x: Value, index: Value, updates: Value): Value {
  const at = unsqueeze(g, index, 1);
  return g.node("ScatterND", [x, at, updates], x.type, x.shape, { reduction: "add" });
}

/** `x` with `updates` added at one element of each row. */
export function scatterAddElements(g: Graph, x: Value, index: Value, updates: Value): Value {
  const attributes = { axis: 1, reduction: "add" };
  return g.node("ScatterElements", [x, index, updates], x.type, x.shape, attributes);
}

/** Zeros of the shape that another value has at run time. */
export function zerosLike(g: Graph, x: Value): Value {
  // ConstantOfShape gives float32 zeros when it has no value attribute.
  return g.node("ConstantOfShape", [shapeOf(g, x)], "float32", x.shape);
}

/** Gradient rules of the gathers. */
export const gatherRules: GradientRules = {
  Gather(g, { inputs: [x, index] }, [dy]) {
    return [scatterAddRows(g, zerosLike(g, x!), index!, dy!), undefined];
  },

  GatherElements(g, { inputs: [x, index] }, [dy]) {
    return [scatterAddElements(g, zerosLike(g, x!), index!, dy!), undefined];
  },
};
