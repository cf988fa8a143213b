import { gemm, matmul, type Shape } from "../../../lib/onnx/mod.ts";
import { type GradientCase, some } from "../../support/gradient_case.ts";

const lengths = { tokens: 3, heads: 2, keys: 5 };

function gemmCase(transA: boolean, transB: boolean): GradientCase {
  return {
    rule: "Gemm",
    about: `with ${transA ? "A" : "a"} and ${transB ? "B" : "b"} (capitals are transposed)`,
    inputs: {
      a: some(transA ? [4, "tokens"] : ["tokens", 4], lengths),
      b: some(transB ? [5, 4] : [4, 5]),
    },
    build: (g, { a, b }) => gemm(g, a, b, { transA, transB }),
  };
}

function matmulCase(about: string, a: Shape, b: Shape): GradientCase {
  return {
    rule: "MatMul",
    about,
    inputs: { a: some(a, lengths), b: some(b, lengths) },
    build: (g, { a, b }) => matmul(g, a, b),
  };
}

/** Products of matrices. */
export const matmulCases: GradientCase[] = [
  ...[false, true].flatMap((transA) => [false, true].map((transB) => gemmCase(transA, transB))),
  {
    rule: "Gemm",
    about: "of a matrix with itself",
    inputs: { x: some([3, 3]) },
    build: (g, { x }) => gemm(g, x, x, { transB: true }),
  },
  {
    rule: "Gemm",
    about: "with a matrix added",
    inputs: {
      a: some(["tokens", 4], lengths),
      b: some([4, 5]),
      c: some(["tokens", 5], lengths),
    },
    build: (g, { a, b, c }) => gemm(g, a, b, { plus: c }),
  },
  matmulCase("of two matrices", ["tokens", 4], [4, 5]),
  matmulCase("of equal batches", ["heads", "tokens", 4], ["heads", 4, "keys"]),
  matmulCase("of a batch and one matrix", ["heads", "tokens", 4], [4, "keys"]),
  matmulCase("of one matrix and a batch", ["tokens", 4], ["heads", 4, "keys"]),
  matmulCase("of a batch of one, spread", [1, "tokens", 4], ["heads", 4, "keys"]),
  matmulCase("of batches spread both ways", ["heads", 1, "tokens", 4], [3, 4, "keys"]),
];
