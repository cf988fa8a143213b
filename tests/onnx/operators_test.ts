import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Graph, type Value } from "../../lib/onnx/mod.ts";
import * as compare from "../../lib/onnx/operators/compare.ts";
import * as gather from "../../lib/onnx/operators/gather.ts";
import * as layout from "../../lib/onnx/operators/layout.ts";
import * as matmul from "../../lib/onnx/operators/matmul.ts";
import * as reduce from "../../lib/onnx/operators/reduce.ts";
import * as softmax from "../../lib/onnx/operators/softmax.ts";
import { floats, type HostTensor, ints } from "../../lib/runtime/mod.ts";
import { wrongShapes } from "../support/inferred_shapes.ts";
import { runForFloats, runGraph } from "../support/run_graph.ts";

interface Inputs {
  /** float32 `[rows, 3]`: 1 to 6. */
  x: Value;
  /** float32 `[rows, 3]`: 3 threes, then 5, 5, 9. */
  y: Value;
  /** float32 `[3]`: 10, 20, 30. */
  line: Value;
  /** int64 `[rows]`: 1, 0. */
  rows: Value;
  /** int64 `[1]`: 1. */
  one: Value;
}

const feeds: Readonly<Record<keyof Inputs, HostTensor>> = {
  x: floats(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
  y: floats(Float32Array.of(3, 3, 3, 5, 5, 9), [2, 3]),
  line: floats(Float32Array.of(10, 20, 30), [3]),
  rows: ints([1, 0]),
  one: ints([1]),
};

function build(of: (g: Graph, inputs: Inputs) => Value): Graph {
  const g = new Graph("operator");
  const inputs = {
    x: g.input("x", "float32", ["rows", 3]),
    y: g.input("y", "float32", ["rows", 3]),
    line: g.input("line", "float32", [3]),
    rows: g.input("rows", "int64", ["rows"]),
    one: g.input("one", "int64", [1]),
  };
  g.output("result", of(g, inputs));
  return g;
}

interface Example {
  of: (g: Graph, inputs: Inputs) => Value;
  result: readonly number[];
}

/** By the operator's function: what it must give. Booleans are 0 and 1. */
const examples: Readonly<Record<string, Example>> = {
  equal: { of: (g, { x, y }) => compare.equal(g, x, y), result: [0, 0, 1, 0, 1, 0] },
  lessOrEqual: { of: (g, { x, y }) => compare.lessOrEqual(g, x, y), result: [1, 1, 1, 1, 1, 1] },
  greater: { of: (g, { x, line }) => compare.greater(g, line, x), result: [1, 1, 1, 1, 1, 1] },
  and: {
    of: (g, { x, y }) => compare.and(g, compare.equal(g, x, y), compare.greater(g, x, g.scalar(3))),
    result: [0, 0, 0, 0, 1, 0],
  },
  or: {
    of: (g, { x, y }) => compare.or(g, compare.equal(g, x, y), compare.greater(g, x, g.scalar(5))),
    result: [0, 0, 1, 0, 1, 1],
  },
  where: {
    of: (g, { x, y, line }) => compare.where(g, compare.equal(g, x, y), x, line),
    result: [10, 20, 3, 10, 5, 30],
  },
  indicator: {
    of: (g, { x, y }) => compare.indicator(g, compare.equal(g, x, y)),
    result: [0, 0, 1, 0, 1, 0],
  },
  gatherRows: { of: (g, { x, rows }) => gather.gatherRows(g, x, rows), result: [4, 5, 6, 1, 2, 3] },
  gatherElements: {
    of: (g, { x, rows }) => gather.gatherElements(g, x, layout.unsqueeze(g, rows, 1)),
    result: [2, 4],
  },
  scatterAddRows: {
    of: (g, { x, y, rows }) => gather.scatterAddRows(g, x, rows, y),
    result: [6, 7, 12, 7, 8, 9],
  },
  scatterAddElements: {
    of: (g, { x, y, rows }) => {
      const updates = layout.slice(g, y, 1, 2, 3);
      return gather.scatterAddElements(g, x, layout.unsqueeze(g, rows, 1), updates);
    },
    result: [1, 5, 3, 13, 5, 6],
  },
  zerosLike: { of: (g, { x }) => gather.zerosLike(g, x), result: [0, 0, 0, 0, 0, 0] },
  reshape: { of: (g, { x }) => layout.reshape(g, x, ["3*rows"]), result: [1, 2, 3, 4, 5, 6] },
  reshapeTo: {
    of: (g, { x }) => layout.reshapeTo(g, x, g.ints([3, -1]), [3, "rows"]),
    result: [1, 2, 3, 4, 5, 6],
  },
  transpose: { of: (g, { x }) => layout.transpose(g, x, [1, 0]), result: [1, 4, 2, 5, 3, 6] },
  slice: { of: (g, { x, one }) => layout.slice(g, x, 1, 0, one, 1), result: [1, 4] },
  concat: {
    of: (g, { x, line }) => layout.concat(g, [x, layout.unsqueeze(g, line, 0)], 0, "more"),
    result: [1, 2, 3, 4, 5, 6, 10, 20, 30],
  },
  pad: {
    of: (g, { x, one }) => layout.pad(g, x, 0, one, 0, "padded"),
    result: [0, 0, 0, 1, 2, 3, 4, 5, 6],
  },
  split: { of: (g, { x }) => layout.split(g, x, 1, [1, 2])[1], result: [2, 3, 5, 6] },
  unsqueeze: { of: (g, { x }) => layout.unsqueeze(g, x, -1), result: [1, 2, 3, 4, 5, 6] },
  expand: {
    of: (g, { x, line }) => layout.expand(g, line, layout.shapeOf(g, x), x.shape),
    result: [10, 20, 30, 10, 20, 30],
  },
  lengthOf: { of: (g, { x }) => layout.lengthOf(g, x, -1), result: [3] },
  shapeOf: { of: (g, { x }) => layout.shapeOf(g, x), result: [2, 3] },
  matmul: {
    of: (g, { x, line }) => matmul.matmul(g, x, layout.unsqueeze(g, line, 1)),
    result: [140, 320],
  },
  gemm: {
    of: (g, { x, y }) => matmul.gemm(g, x, y, { transA: true }),
    result: [23, 23, 39, 31, 31, 51, 39, 39, 63],
  },
  linear: { of: (g, { x, y }) => matmul.linear(g, x, y), result: [18, 42, 45, 99] },
  linearOfFew: { of: (g, { x, y }) => matmul.linearOfFew(g, x, y), result: [18, 42, 45, 99] },
  swapLast: { of: (g, { x }) => matmul.swapLast(g, x), result: [1, 4, 2, 5, 3, 6] },
  reduceSum: { of: (g, { x }) => reduce.reduceSum(g, x, [0], false), result: [5, 7, 9] },
  reduceMean: { of: (g, { x }) => reduce.reduceMean(g, x, [-1]), result: [2, 5] },
  reduceMax: { of: (g, { y }) => reduce.reduceMax(g, y, [-1]), result: [3, 9] },
  unbroadcast: { of: (g, { x, line }) => reduce.unbroadcast(g, x, line.shape), result: [5, 7, 9] },
  softmax: {
    of: (g, { x }) => softmax.softmax(g, x),
    result: [1, 2].flatMap(() => [0.09003057, 0.24472847, 0.66524096]),
  },
  logSoftmax: {
    of: (g, { x }) => softmax.logSoftmax(g, x),
    result: [1, 2].flatMap(() => [-2.40760596, -1.40760596, -0.40760596]),
  },
  logSumExp: { of: (g, { x }) => softmax.logSumExp(g, x), result: [3.40760596, 6.40760596] },
};

Deno.test("operators give what their names say, in the inferred shapes and types", async () => {
  for (const [name, { of, result }] of Object.entries(examples)) {
    const { result: found } = await runGraph(build(of), feeds);
    assertEquals(found.data.length, result.length, name);
    Array.from(found.data as ArrayLike<number | bigint>).forEach((value, at) =>
      assertAlmostEquals(Number(value), result[at], 1e-5, name)
    );
    assertEquals(await wrongShapes(build(of), feeds), [], name);
  }
});

Deno.test("every operator's function has an example", () => {
  const functions = [compare, gather, layout, matmul, reduce, softmax]
    .flatMap((family) => Object.entries(family))
    .filter(([, value]) => typeof value === "function")
    .map(([name]) => name);
  assertEquals(functions.sort(), Object.keys(examples).sort());
});

Deno.test("logSumExp neither overflows nor loses what is small", async () => {
  const g = new Graph("log-sum-exp");
  g.output("y", softmax.logSumExp(g, g.input("x", "float32", ["rows", 2])));
  const x = floats(Float32Array.of(1000, 1000, -1e30, -1e30, -200, -201, 3, -1e30), [4, 2]);
  const found = await runForFloats(g, { x });
  const expected = [1000 + Math.LN2, -1e30, -200 + Math.log1p(Math.exp(-1)), 3];
  expected.forEach((value, at) => assertEquals(found[at], Math.fround(value)));
});

Deno.test("operators refuse shapes that do not go together, and say which", () => {
  const g = new Graph("wrong");
  const x = g.input("x", "float32", ["tokens", 4]);
  const other = g.input("y", "float32", ["keys", 3]);
  const refuse = (of: () => unknown, error: new () => Error, says: string) =>
    assertThrows(of, error, says);
  refuse(() => matmul.matmul(g, x, other), TypeError, "4 and keys differ");
  refuse(() => matmul.gemm(g, x, other, { transB: true }), TypeError, "4 and 3 differ");
  refuse(() => compare.equal(g, x, other), TypeError, "Cannot broadcast [tokens,4] with [keys,3]");
  refuse(() => layout.reshape(g, x, ["tokens", 5]), TypeError, "4*tokens is not 5*tokens");
  refuse(() => layout.slice(g, x, 2, 0, 1), RangeError, "Axis 2 is outside");
  refuse(() => layout.slice(g, x, 1, -2, -1), RangeError, "bounds count from the front");
  refuse(() => layout.slice(g, x, 1, 3, 1), RangeError, "Cannot slice [3, 1)");
  refuse(() => layout.slice(g, x, 1, g.ints([0]), 1), TypeError, "without the part's length");
  refuse(() => layout.concat(g, [x, x], 0), TypeError, "without the result's length");
  refuse(() => gather.gatherRows(g, x, g.scalar(0)), TypeError, "give a vector");
  const mean = reduce.reduceMean(g, x, [-3 + 1]);
  assertEquals(mean.shape, [1, 4]);
});
