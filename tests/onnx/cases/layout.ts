import {
  concat,
  type Graph,
  mul,
  pad,
  reshape,
  reshapeTo,
  slice,
  split,
  transpose,
  unsqueeze,
  type Value,
} from "../../../lib/onnx/mod.ts";
import { type GradientCase, some, whole } from "../../support/gradient_case.ts";

const lengths = { tokens: 3, heads: 2, keys: 4 };

function layout(
  rule: string,
  about: string,
  inputs: GradientCase["inputs"],
  build: (g: Graph, inputs: Readonly<Record<string, Value>>) => Value,
  fixed: GradientCase["fixed"] = {},
): GradientCase {
  return { rule, about, inputs, fixed, build };
}

const matrix = { x: some(["tokens", 4], lengths) };
const cube = { x: some(["heads", "tokens", "keys"], lengths) };

/** Moving elements. */
export const layoutCases: GradientCase[] = [
  layout(
    "Identity",
    "beside another reader",
    matrix,
    (g, { x }) => mul(g, g.node("Identity", [x], "float32", x.shape), x),
  ),
  layout("Reshape", "splits an axis", matrix, (g, { x }) => reshape(g, x, ["tokens", 2, 2])),
  layout("Reshape", "joins axes with a symbol", cube, (g, { x }) => {
    return reshape(g, x, ["heads", "keys*tokens"]);
  }),
  layout("Reshape", "to nothing but one number", { x: some([1, 1]) }, (g, { x }) => {
    return reshape(g, x, []);
  }),
  layout(
    "Reshape",
    "to lengths known at run time",
    cube,
    (g, { x, to }) => reshapeTo(g, x, to, ["tokens", "heads", "keys"]),
    { to: whole([3, 2, -1]) },
  ),
  layout("Unsqueeze", "in front", cube, (g, { x }) => unsqueeze(g, x, 0)),
  layout("Unsqueeze", "inside", cube, (g, { x }) => unsqueeze(g, x, 2)),
  layout("Unsqueeze", "at the end, counted from the back", cube, (g, { x }) => unsqueeze(g, x, -1)),
  layout("Transpose", "swaps", matrix, (g, { x }) => transpose(g, x, [1, 0])),
  layout("Transpose", "turns three axes", cube, (g, { x }) => transpose(g, x, [2, 0, 1])),
  layout("Slice", "with fixed bounds", matrix, (g, { x }) => slice(g, x, 1, 1, 3)),
  layout("Slice", "of a negative axis", cube, (g, { x }) => slice(g, x, -1, 0, 2)),
  layout(
    "Slice",
    "with bounds known at run time",
    cube,
    (g, { x, from, to }) => slice(g, x, 1, from, to, "part"),
    { from: whole([1]), to: whole([3]) },
  ),
  layout(
    "Slice",
    "of nothing and of all",
    matrix,
    (g, { x, from, to }) =>
      concat(
        g,
        [slice(g, x, 0, from, from, "none"), slice(g, x, 0, from, to, "tokens")],
        0,
        "tokens",
      ),
    { from: whole([0]), to: whole([3]) },
  ),
  layout("Pad", "with fixed counts", matrix, (g, { x }) => pad(g, x, 1, 2, 1, 7)),
  layout(
    "Pad",
    "with counts known at run time",
    cube,
    (g, { x, before, after }) => pad(g, x, 1, before, after, "padded"),
    { before: whole([0]), after: whole([2]) },
  ),
  layout(
    "Concat",
    "of fixed lengths",
    { x: some(["tokens", 2], lengths), y: some(["tokens", 3], lengths) },
    (g, { x, y }) => concat(g, [x, y, x], 1),
  ),
  layout(
    "Concat",
    "of symbolic lengths",
    { x: some(["tokens", 2], lengths), y: some(["keys", 2], lengths) },
    (g, { x, y }) => concat(g, [x, y], 0, "both"),
  ),
  layout(
    "Split",
    "of which one part is used",
    { x: some(["tokens", 6], lengths) },
    (g, { x }) => split(g, x, 1, [1, 3, 2])[1],
  ),
  layout(
    "Split",
    "of which all parts are used",
    { x: some(["tokens", 5], lengths) },
    (g, { x }) => {
      const [one, two, rest] = split(g, x, 1, [2, 1, 2]);
      return concat(g, [two, rest, one], 1);
    },
  ),
];
