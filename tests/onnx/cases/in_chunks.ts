import {
  add,
  gatherRows,
  gatherTokenWise,
  linear,
  mul,
  rmsNorm,
  swiGlu,
} from "../../../lib/onnx/mod.ts";
import { type GradientCase, some, whole } from "../../support/gradient_case.ts";

const lengths = { tokens: 7 };

/** A norm, products whose weights are read once and twice, a table, and what goes around them. */
const feedForward = (about: string, chunkLength: number): GradientCase => ({
  rule: "InChunks",
  about,
  inputs: {
    x: some(["tokens", 3], lengths),
    other: some(["tokens", 4], lengths),
    norm: some([3], {}, [0.5, 1.5]),
    gate: some([4, 3]),
    bias: some([4]),
  },
  fixed: { table: some(["tokens", 4], lengths) },
  build(g, { x, other, norm, gate, bias, table }) {
    const normed = rmsNorm(g, x, norm, 0.1);
    const once = add(g, linear(g, normed, gate), bias);
    const twice = mul(g, linear(g, x, gate), table);
    const result = add(g, swiGlu(g, once, twice), other);
    gatherTokenWise(g, [result], { chunkLength, tokens: "tokens" });
    return result;
  },
});

/** What is computed for each token by itself. */
export const inChunksCases: GradientCase[] = [
  feedForward("of a row that is one chunk", 7),
  feedForward("in two chunks of which the second is shorter", 4),
  feedForward("in chunks that are shorter than they may be", 5),
  feedForward("in chunks of one token", 1),
  {
    rule: "InChunks",
    about: "before, after and around what mixes tokens",
    inputs: { x: some(["tokens", 3], lengths), weight: some([3, 3]) },
    fixed: { order: whole([6, 4, 2, 0, 1, 3, 5], ["tokens"]) },
    build(g, { x, weight, order }) {
      const product = linear(g, x, weight);
      const result = mul(g, add(g, gatherRows(g, product, order), product), x);
      gatherTokenWise(g, [result], { chunkLength: 3, tokens: "tokens" });
      return result;
    },
  },
];
