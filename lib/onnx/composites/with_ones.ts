import type { Graph, Value } from "../graph.ts";

/** `x` with a column of ones, so that a product with it also adds another factor's last column. */
export function withOnes(g: Graph, x: Value): Value {
  const [heads, keys, size] = x.shape;
  // With axes named beside the pads, the runtime moves a transposition past them wrongly.
  const pads = g.ints([0, 0, 0, 0, 0, 1]);
  return g.node("Pad", [x, pads, g.scalar(1)], "float32", [heads, keys, Number(size) + 1]);
}
