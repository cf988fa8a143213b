import { expand, reduceMax, reduceMean, reduceSum, shapeOf } from "../../../lib/onnx/mod.ts";
import { apart, given, type GradientCase, some } from "../../support/gradient_case.ts";

const lengths = { tokens: 3, heads: 2, keys: 4 };

function reduction(
  rule: string,
  of: typeof reduceSum,
  about: string,
  axes: readonly number[],
  keep: boolean,
): GradientCase {
  const shape = rule === "ReduceMean" ? [2, 3, 4] : ["heads", "tokens", "keys"];
  return {
    rule,
    about,
    inputs: { x: some(shape, lengths) },
    build: (g, { x }) => of(g, x, axes, keep),
  };
}

function reductions(rule: string, of: typeof reduceSum): GradientCase[] {
  return [
    reduction(rule, of, "over the last axis, kept", [-1], true),
    reduction(rule, of, "over the last axis, dropped", [-1], false),
    reduction(rule, of, "over the first axis, dropped", [0], false),
    reduction(rule, of, "over two axes, kept", [0, 2], true),
    reduction(rule, of, "over two axes, dropped", [0, 2], false),
    reduction(rule, of, "over everything", [0, 1, 2], false),
  ];
}

/** Sums, means and maxima, and their inverse. */
export const reduceCases: GradientCase[] = [
  ...reductions("ReduceSum", reduceSum),
  ...reductions("ReduceMean", reduceMean),
  {
    rule: "ReduceMean",
    about: "over a fixed axis of a symbolic row",
    inputs: { x: some(["tokens", 4], lengths) },
    build: (g, { x }) => reduceMean(g, x, [-1]),
  },
  {
    rule: "ReduceMax",
    about: "over the last axis",
    inputs: { x: apart([3, 4]) },
    build: (g, { x }) => reduceMax(g, x, [-1]),
  },
  {
    rule: "ReduceMax",
    about: "over two axes",
    inputs: { x: apart([2, 3, 4]) },
    build: (g, { x }) => reduceMax(g, x, [0, 2]),
  },
  {
    rule: "Expand",
    about: "of a scalar",
    inputs: { x: some([]) },
    fixed: { like: given([0, 0, 0, 0, 0, 0], [2, 3]) },
    build: (g, { x, like }) => expand(g, x, shapeOf(g, like), like.shape),
  },
  {
    rule: "Expand",
    about: "of a column to symbols",
    inputs: { x: some(["tokens", 1], lengths) },
    fixed: { like: some(["heads", "tokens", "keys"], lengths) },
    build: (g, { x, like }) => expand(g, x, shapeOf(g, like), like.shape),
  },
];
