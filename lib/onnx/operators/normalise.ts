/**
 * Normalisation of rows by their root mean square, and its gradient.
 *
 * @module
 */

import { float, type Graph, type Value } from "../graph.ts";
import { mul, sub } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import { gemm } from "./matmul.ts";
import type { GradientRules } from "./rule.ts";

/** `x / sqrt(mean(x^2) + epsilon) * weight` over the last axis: `[rows, n], [n] -> [rows, n]`. */
export function rmsNorm(g: Graph, x: Value, weight: Value, epsilon: number): Value {
  const [rows, width] = x.shape;
  if (x.shape.length !== 2 || weight.shape.length !== 1 || weight.shape[0] !== width) {
    throw new TypeError(`Cannot normalise [${x.shape}] with a weight of shape [${weight.shape}]`);
  }
  const attributes = { axis: -1, epsilon: float(epsilon), stash_type: 1 };
  const [normed] = g.nodeOf("SimplifiedLayerNormalization", [x, weight], [
    { type: "float32", shape: x.shape },
    // One over each row's root mean square, which the gradient needs again.
    { type: "float32", shape: [rows, 1] },
  ], attributes);
  return normed;
}

/** Gradient rules of normalisation. */
export const normaliseRules: GradientRules = {
  SimplifiedLayerNormalization(g, { inputs, outputs: [, inverse] }, [dy]) {
    const [x, weight] = inputs as Value[];
    const width = Number(weight.shape[0]);
    const along_x = mul(g, dy!, x);
    const dWeight = gemm(g, inverse, along_x, { transA: true });
    // How much each row's gradient points along the row: what of it normalising takes away.
    const along = gemm(g, along_x, reshape(g, weight, [width, 1]));
    const cubed = mul(g, mul(g, inverse, inverse), mul(g, inverse, g.scalar(1 / width)));
    const kept = mul(g, mul(g, dy!, weight), inverse);
    const dx = sub(g, kept, mul(g, x, mul(g, along, cubed)));
    return [dx, reshape(g, dWeight, [width])];
  },
};
