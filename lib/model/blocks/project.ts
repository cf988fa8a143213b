import { add, split, type Value } from "../../onnx/mod.ts";
import type { Scope } from "./scope.ts";

/** Queries, keys and values of all heads side by side, `[tokens, heads * head size]`. */
export interface Projected {
  /** Queries. */
  q: Value;
  /** Keys. */
  k: Value;
  /** Values. */
  v: Value;
}

/** Makes queries, keys and values of hidden states. */
export type Projection = (scope: Scope, x: Value) => Projected;

/** A linear layer with the weight `<name>.weight`, and `<name>.bias` where it has one. */
export function dense(scope: Scope, name: string, x: Value, size: number, bias = false): Value {
  const weight = scope.weight(`${name}.weight`, size, Number(x.shape.at(-1)));
  const y = scope.linear(scope.g, x, weight);
  return bias ? add(scope.g, y, scope.weight(`${name}.bias`, size)) : y;
}

/** One matrix each for queries, keys and values. */
export function separately({ bias = false }: { bias?: boolean } = {}): Projection {
  return function separate(scope, x) {
    const { headCount, keyValueHeadCount, headSize } = scope.config;
    const project = (name: string, heads: number) =>
      dense(scope, `self_attn.${name}_proj`, x, heads * headSize, bias);
    return {
      q: project("q", headCount),
      k: project("k", keyValueHeadCount),
      v: project("v", keyValueHeadCount),
    };
  };
}

/** One matrix whose rows are those of queries, keys and values, one after another. */
export const together: Projection = (scope, x): Projected => {
  const { headCount, keyValueHeadCount, headSize } = scope.config;
  const sizes = [headCount, keyValueHeadCount, keyValueHeadCount].map((heads) => heads * headSize);
  const all = dense(scope, "self_attn.qkv_proj", x, sizes[0] + sizes[1] + sizes[2]);
  const [q, k, v] = split(scope.g, all, 1, sizes);
  return { q, k, v };
};
