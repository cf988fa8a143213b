import {
  gatherElements,
  gatherRows,
  greater,
  logSigmoid,
  logSoftmax,
  logSumExp,
  mul,
  silu,
  softmax,
  where,
} from "../../../lib/onnx/mod.ts";
import { apart, given, type GradientCase, some, whole } from "../../support/gradient_case.ts";

const lengths = { tokens: 3, heads: 2, keys: 4 };

/** Picking elements and weighing them. */
export const chooseCases: GradientCase[] = [
  {
    rule: "Gather",
    about: "of rows, one of them three times and one never",
    inputs: { x: some(["rows", 3], { rows: 4 }) },
    fixed: { index: whole([2, 0, 2, 3, 2], ["picked"]) },
    build: (g, { x, index }) => gatherRows(g, x, index),
  },
  {
    rule: "Gather",
    about: "of parts with several axes",
    inputs: { x: some(["rows", "heads", 2], { rows: 3, heads: 2 }) },
    fixed: { index: whole([1, 1], ["picked"]) },
    build: (g, { x, index }) => gatherRows(g, x, index),
  },
  {
    rule: "Gather",
    about: "of numbers",
    inputs: { x: some(["rows"], { rows: 4 }) },
    fixed: { index: whole([1, 3, 1], ["picked"]) },
    build: (g, { x, index }) => gatherRows(g, x, index),
  },
  {
    rule: "GatherElements",
    about: "of one number a row",
    inputs: { x: some(["tokens", 4], lengths) },
    fixed: { index: whole([3, 0, 3], ["tokens", 1], [3, 1]) },
    build: (g, { x, index }) => gatherElements(g, x, index),
  },
  {
    rule: "Softmax",
    about: "of rows",
    inputs: { x: some(["tokens", 4], lengths, [-2, 2]) },
    build: (g, { x }) => softmax(g, x),
  },
  {
    rule: "Softmax",
    about: "of rows in a batch",
    inputs: { x: some(["heads", "tokens", "keys"], lengths, [-2, 2]) },
    build: (g, { x }) => softmax(g, x),
  },
  {
    rule: "LogSoftmax",
    about: "of rows",
    inputs: { x: some(["tokens", 4], lengths, [-3, 3]) },
    build: (g, { x }) => logSoftmax(g, x),
  },
  {
    rule: "ReduceMax",
    about: "under log-sum-exp, where it cancels out",
    inputs: { x: apart([3, 4]) },
    build: (g, { x }) => logSumExp(g, x),
  },
  {
    rule: "ReduceMax",
    about: "under log-sum-exp of one row of symbols",
    inputs: { x: given([-0.6, 0.2, 1], ["keys"]) },
    build: (g, { x }) => logSumExp(g, x),
  },
  {
    rule: "Where",
    about: "of equal shapes",
    inputs: { a: some(["tokens", 4], lengths), b: some(["tokens", 4], lengths) },
    fixed: { mark: some(["tokens", 4], lengths) },
    build: (g, { a, b, mark }) => where(g, greater(g, mark, g.scalar(0)), a, b),
  },
  {
    rule: "Where",
    about: "of a scalar and a row under a mask with more axes",
    inputs: { a: some([]), b: some(["keys"], lengths) },
    fixed: { mark: some(["heads", "tokens", "keys"], lengths) },
    build: (g, { a, b, mark }) => where(g, greater(g, mark, g.scalar(0)), a, b),
  },
  {
    rule: "Sigmoid",
    about: "inside silu",
    inputs: { x: some(["tokens", 4], lengths, [-3, 3]) },
    build: (g, { x }) => silu(g, x),
  },
  {
    rule: "Softplus",
    about: "inside log-sigmoid, which two readers use",
    inputs: { x: some(["tokens"], lengths, [-3, 3]) },
    build: (g, { x }) => {
      const y = logSigmoid(g, x);
      return mul(g, y, y);
    },
  },
];
