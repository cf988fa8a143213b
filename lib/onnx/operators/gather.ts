/**
 * Picking rows, and adding gradients back to where they were picked.
 *
 * @module
 */

import type { Graph, Value } from "../graph.ts";
import { expand, shapeOf, unsqueeze } from "./layout.ts";
import type { GradientRules } from "./rule.ts";

/** Rows of `x` by int64 index: `[rows, ...] , [n] -> [n, ...]`. */
export function gatherRows(g: Graph, x: Value, index: Value): Value {
  if (index.shape.length !== 1) {
    throw new TypeError(`Cannot gather rows by an index of shape [${index.shape}]: give a vector`);
  }
  return g.node("Gather", [x, index], x.type, [index.shape[0], ...x.shape.slice(1)], { axis: 0 });
}

/** One element of each row: `[rows, n], [rows, 1] -> [rows, 1]`. */
export function gatherElements(g: Graph, x: Value, index: Value): Value {
  return g.node("GatherElements", [x, index], x.type, index.shape, { axis: 1 });
}

/** `x` with `updates` added at rows: `[rows, ...], [n], [n, ...]`; rows may be named repeatedly. */
export function scatterAddRows(g: Graph, x: Value, index: Value, updates: Value): Value {
  // The CPU's ScatterND adds in several threads without locks, so that of updates to one row some
  // get lost; ScatterElements adds one after another, at the price of an index an element.
  let at = index;
  while (at.shape.length < updates.shape.length) at = unsqueeze(g, at, at.shape.length);
  const everywhere = expand(g, at, shapeOf(g, updates), updates.shape);
  const attributes = { axis: 0, reduction: "add" };
  return g.node("ScatterElements", [x, everywhere, updates], x.type, x.shape, attributes);
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
