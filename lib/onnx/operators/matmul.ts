/**
 * Matrix products and their gradients.
 *
 * @module
 */

import { broadcast, type Dim } from "../dims.ts";
import type { Graph, Value } from "../graph.ts";
import { transpose } from "./layout.ts";
import { unbroadcast } from "./reduce.ts";
import type { GradientRules } from "./rule.ts";

function agree(op: string, a: Dim, b: Dim): void {
  if (a !== b) throw new TypeError(`Cannot ${op}: inner lengths ${a} and ${b} differ`);
}

/** Batched product `[..., m, k] x [..., k, n] -> [..., m, n]`. */
export function matmul(g: Graph, a: Value, b: Value): Value {
  agree("multiply matrices", a.shape.at(-1)!, b.shape.at(-2)!);
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return g.node("MatMul", [a, b], "float32", [...batch, a.shape.at(-2)!, b.shape.at(-1)!]);
}

/** Which factors of a {@linkcode gemm} are transposed. */
export interface GemmOptions {
  /** Reads the first factor as `[k, m]`. @default {false} */
  transA?: boolean;
  /** Reads the second factor as `[n, k]`. @default {false} */
  transB?: boolean;
  /** `[m, n]`, added to the product in the same pass. */
  plus?: Value;
}

/** Product of two matrices, each transposed or not: `[m, k] x [k, n] -> [m, n]`. */
export function gemm(g: Graph, a: Value, b: Value, options: GemmOptions = {}): Value {
  const { transA = false, transB = false, plus } = options;
  const [m, k] = transA ? [a.shape[1], a.shape[0]] : a.shape;
  const [inner, n] = transB ? [b.shape[1], b.shape[0]] : b.shape;
  agree("multiply matrices", k, inner);
  const attributes = { transA: Number(transA), transB: Number(transB) };
  return g.node("Gemm", plus ? [a, b, plus] : [a, b], "float32", [m, n], attributes);
}

/** `x W^T`: a linear layer whose weight is stored `[out, in]`, as Hugging Face stores it. */
export function linear(g: Graph, x: Value, weight: Value): Value {
  return gemm(g, x, weight, { transB: true });
}

/**
 * {@linkcode linear} for a few rows: as `(W x^T)^T`, which reads the weight as it lies. Of products
 * of more than one row the runtime copies the second factor into an order of its own, which takes
 * longer than multiplying it with a few rows does.
 */
export function linearOfFew(g: Graph, x: Value, weight: Value): Value {
  return swapLast(g, matmul(g, weight, swapLast(g, x)));
}

/** The last two axes swapped. */
export function swapLast(g: Graph, x: Value): Value {
  const rank = x.shape.length;
  const order = x.shape.map((_, axis) => axis);
  return transpose(g, x, order.with(rank - 2, rank - 1).with(rank - 1, rank - 2));
}

/** Gradient rules of the products. */
export const matmulRules: GradientRules = {
  MatMul: (g, { inputs: [a, b] }, [dy], [wantA, wantB]) => [
    wantA ? unbroadcast(g, matmul(g, dy!, swapLast(g, b!)), a!.shape) : undefined,
    wantB ? unbroadcast(g, matmul(g, swapLast(g, a!), dy!), b!.shape) : undefined,
  ],

  Gemm(g, { inputs: [a, b], attributes }, [dy], [wantA, wantB]) {
    const transA = attributes.transA === 1;
    const transB = attributes.transB === 1;
    const da = () =>
      transA
        ? gemm(g, b!, dy!, { transA: transB, transB: true })
        : gemm(g, dy!, b!, { transB: !transB });
    const db = () =>
      transB
        ? gemm(g, dy!, a!, { transA: true, transB: transA })
        : gemm(g, a!, dy!, { transA: !transA });
    return [wantA ? da() : undefined, wantB ? db() : undefined, dy];
  },
};
