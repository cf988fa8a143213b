/**
 * Comparisons and choices. Conditions have no gradient; `Where` passes it to what was chosen.
 *
 * @module
 */

import { broadcast } from "../dims.ts";
import type { Graph, Value } from "../graph.ts";
import { unbroadcast } from "./reduce.ts";
import type { GradientRules } from "./rule.ts";

/** An operator that answers elementwise: two tensors, broadcast, to a bool tensor. */
export type Compare = (g: Graph, a: Value, b: Value) => Value;

function comparison(op: string): Compare {
  return (g, a, b) => g.node(op, [a, b], "bool", broadcast(a.shape, b.shape));
}

/** `a == b` */
export const equal: Compare = comparison("Equal");
/** `a <= b` */
export const lessOrEqual: Compare = comparison("LessOrEqual");
/** `a > b` */
export const greater: Compare = comparison("Greater");
/** Where both conditions hold; bool in, bool out. */
export const and: Compare = comparison("And");
/** Where at least one condition holds; bool in, bool out. */
export const or: Compare = comparison("Or");

/** `a` where the condition holds, else `b`. */
export function where(g: Graph, condition: Value, a: Value, b: Value): Value {
  const shape = broadcast(condition.shape, broadcast(a.shape, b.shape));
  return g.node("Where", [condition, a, b], a.type, shape);
}

/** 1 where the condition holds, else 0. */
export function indicator(g: Graph, condition: Value): Value {
  return where(g, condition, g.scalar(1), g.scalar(0));
}

/** Gradient rules of the choices. */
export const compareRules: GradientRules = {
  Where(g, { inputs: [condition, a, b] }, [dy], [, wantA, wantB]) {
    const zero = g.scalar(0);
    return [
      undefined,
      wantA ? unbroadcast(g, where(g, condition!, dy!, zero), a!.shape) : undefined,
      wantB ? unbroadcast(g, where(g, condition!, zero, dy!), b!.shape) : undefined,
    ];
  },
};
