/**
 * Operators that move elements without changing them, and their gradients.
 *
 * @module
 */

import { axisOf, type Dim, product, sameShape, type Shape } from "../dims.ts";
import type { Graph, Value } from "../graph.ts";
import type { GradientRules } from "./rule.ts";

/** `x` under another shape with as many elements. At most one length may be new and symbolic. */
export function reshape(g: Graph, x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const [before, after] = [product(x.shape), product(shape)];
  if (before !== after) {
    throw new TypeError(`Cannot reshape [${x.shape}] to [${shape}]: ${before} is not ${after}`);
  }
  let open = 0;
  const lengths = shape.map((dim, axis) => {
    if (typeof dim === "number") return dim;
    if (x.shape[axis] === dim) return 0;
    open++;
    return -1;
  });
  if (open > 1) throw new TypeError(`Cannot reshape [${x.shape}] to [${shape}]: two open lengths`);
  return g.node("Reshape", [x, g.ints(lengths)], x.type, shape);
}

/** `x` under another shape whose lengths are known at run time only: int64 `[rank]`, -1 once. */
export function reshapeTo(g: Graph, x: Value, lengths: Value, shape: Shape): Value {
  return g.node("Reshape", [x, lengths], x.type, shape);
}

/** `x` with its axes in another order. */
export function transpose(g: Graph, x: Value, order: readonly number[]): Value {
  return g.node("Transpose", [x], x.type, order.map((axis) => x.shape[axis]), { perm: order });
}

/**
 * The part `[start, end)` of one axis. Bounds are numbers or int64 `[1]` values; with values, say
 * how long the part is.
 */
export function slice(
  g: Graph,
  x: Value,
  axis: number,
  start: number | Value,
  end: number | Value,
  length?: Dim,
): Value {
  const at = axisOf(x.shape.length, axis);
  if (length === undefined) {
    if (typeof start !== "number" || typeof end !== "number") {
      throw new TypeError("Cannot slice by run-time bounds without the part's length");
    }
    if (start < 0 || end < start) {
      throw new RangeError(`Cannot slice [${start}, ${end}): bounds count from the front`);
    }
    length = end - start;
  }
  const bound = (value: number | Value) => typeof value === "number" ? g.ints([value]) : value;
  const shape = x.shape.with(at, length);
  return g.node("Slice", [x, bound(start), bound(end), g.ints([at])], x.type, shape);
}

/** Tensors end to end along one axis. */
export function concat(g: Graph, parts: readonly Value[], axis: number, length?: Dim): Value {
  const at = axisOf(parts[0].shape.length, axis);
  const lengths = parts.map((part) => part.shape[at]);
  if (length === undefined) {
    if (lengths.some((dim) => typeof dim === "string")) {
      throw new TypeError("Cannot concatenate symbolic lengths without the result's length");
    }
    length = (lengths as number[]).reduce((sum, dim) => sum + dim, 0);
  }
  return g.node("Concat", [...parts], parts[0].type, parts[0].shape.with(at, length), { axis: at });
}

/** Zeros around one axis; how many before and after are int64 `[1]` values or numbers. */
export function pad(
  g: Graph,
  x: Value,
  axis: number,
  before: number | Value,
  after: number | Value,
  length: Dim,
): Value {
  const at = axisOf(x.shape.length, axis);
  const count = (value: number | Value) => typeof value === "number" ? g.ints([value]) : value;
  const pads = typeof before === "number" && typeof after === "number"
    ? g.ints([before, after])
    : g.node("Concat", [count(before), count(after)], "int64", [2], { axis: 0 });
  const shape = x.shape.with(at, length);
  return g.node("Pad", [x, pads, undefined, g.ints([at])], x.type, shape);
}

/** Consecutive parts of one axis, of the given lengths. */
export function split(g: Graph, x: Value, axis: number, lengths: readonly number[]): Value[] {
  const at = axisOf(x.shape.length, axis);
  const outputs = lengths.map((length) => ({ type: x.type, shape: x.shape.with(at, length) }));
  return g.nodeOf("Split", [x, g.ints(lengths)], outputs, { axis: at });
}

/** Adds an axis of length 1, which is `axis` of the result. */
export function unsqueeze(g: Graph, x: Value, axis: number): Value {
  const at = axisOf(x.shape.length + 1, axis);
  return g.node("Unsqueeze", [x, g.ints([at])], x.type, x.shape.toSpliced(at, 0, 1));
}

/** Repeats lengths of 1 up to a shape. */
export function expand(g: Graph, x: Value, shape: Value, result: Shape): Value {
  return g.node("Expand", [x, shape], x.type, result);
}

/** The length of one axis at run time, int64 `[1]`. */
export function lengthOf(g: Graph, x: Value, axis: number): Value {
  const at = axisOf(x.shape.length, axis);
  return g.node("Shape", [x], "int64", [1], { start: at, end: at + 1 });
}

/**
 * The shape at run time, int64 `[rank]`: read off an input of that shape where there is one, so that
 * what only needs the shape need not wait for the value.
 */
export function shapeOf(g: Graph, x: Value): Value {
  const alike = g.inputs.find(({ shape }) => sameShape(shape, x.shape)) ?? x;
  return g.node("Shape", [alike], "int64", [x.shape.length]);
}

/** `x` under the shape of another value. */
function reshapeAs(g: Graph, x: Value, like: Value): Value {
  const { shape } = like;
  // A fixed shape can leave one length open.
  const open = shape.filter((dim) => typeof dim === "string").length;
  const lengths = open > 1
    ? shapeOf(g, like)
    : g.ints(shape.map((dim) => typeof dim === "string" ? -1 : dim));
  return reshapeTo(g, x, lengths, shape);
}

function constantInts(g: Graph, value: Value): number[] {
  const data = g.constants.get(value);
  if (!(data instanceof BigInt64Array)) {
    throw new TypeError(`Cannot differentiate: ${value.name} is not a constant`);
  }
  return Array.from(data, Number);
}

/** Gradient rules of the layout family. */
export const layoutRules: GradientRules = {
  Identity: (_g, _node, [dy]) => [dy],

  Reshape: (g, { inputs: [x] }, [dy]) => [reshapeAs(g, dy!, x!), undefined],

  Unsqueeze: (g, { inputs: [x] }, [dy]) => [reshapeAs(g, dy!, x!), undefined],

  Transpose(g, { attributes }, [dy]) {
    const order = attributes.perm as readonly number[];
    const back = order.map((_, axis) => order.indexOf(axis));
    return [transpose(g, dy!, back)];
  },

  Slice(g, { inputs: [x, start, end, axes] }, [dy]) {
    const [axis] = constantInts(g, axes!);
    const length = lengthOf(g, x!, axis);
    const after = g.node("Sub", [length, end], "int64", [1]);
    return [pad(g, dy!, axis, start!, after, x!.shape[axis])];
  },

  Pad(g, { inputs: [x, pads, , axes] }, [dy]) {
    const [axis] = constantInts(g, axes!);
    const before = slice(g, pads!, 0, 0, 1);
    const end = g.node("Add", [before, lengthOf(g, x!, axis)], "int64", [1]);
    return [slice(g, dy!, axis, before, end, x!.shape[axis])];
  },

  Split(g, { inputs: [x], outputs, attributes }, gradients) {
    // ConstantOfShape gives float32 zeros when it has no value attribute.
    const zeros = (y: Value) => g.node("ConstantOfShape", [shapeOf(g, y)], "float32", y.shape);
    const parts = gradients.map((dy, at) => dy ?? zeros(outputs[at]));
    const axis = attributes.axis as number;
    return [concat(g, parts, axis, x!.shape[axis]), undefined];
  },

  Concat(g, { inputs, attributes }, [dy]) {
    const axis = attributes.axis as number;
    let start: Value = g.ints([0]);
    return inputs.map((part) => {
      const end = g.node("Add", [start, lengthOf(g, part!, axis)], "int64", [1]);
      const gradient = slice(g, dy!, axis, start, end, part!.shape[axis]);
      start = end;
      return gradient;
    });
  },
};
