import { rmsNorm, rotate, swiGlu } from "../../../lib/onnx/mod.ts";
import { type GradientCase, some } from "../../support/gradient_case.ts";

const lengths = { tokens: 5 };

/** Angles' cosines and sines of a row; those of any numbers will do. */
function angles(half: number): NonNullable<GradientCase["fixed"]> {
  return { cos: some(["tokens", half], lengths), sin: some(["tokens", half], lengths) };
}

const normed = (epsilon: number): GradientCase => ({
  rule: "SimplifiedLayerNormalization",
  about: `with ${epsilon} below the root`,
  inputs: { x: some(["tokens", 6], lengths, [-2, 2]), weight: some([6]) },
  build: (g, { x, weight }) => rmsNorm(g, x, weight, epsilon),
});

const turned = (heads: number, half: number): GradientCase => ({
  rule: "RotaryEmbedding",
  about: `of ${heads} heads of ${2 * half}`,
  inputs: { x: some(["tokens", heads * 2 * half], lengths) },
  fixed: angles(half),
  build: (g, { x, cos, sin }) => rotate(g, x, cos, sin),
});

/** What Llama's layers are made of beside products and attention. */
export const llamaCases: GradientCase[] = [
  normed(1e-6),
  normed(0.3),
  turned(1, 2),
  turned(3, 4),
  {
    rule: "SwiGlu",
    about: "of two matrices",
    inputs: {
      gate: some(["tokens", 4], lengths, [-3, 3]),
      up: some(["tokens", 4], lengths, [-2, 2]),
    },
    build: (g, { gate, up }) => swiGlu(g, gate, up),
  },
];
