import { mul, product, reshape, rotate, type Value } from "../../onnx/mod.ts";
import type { Norm } from "./norm.ts";
import { dense, type Projection, separately } from "./project.ts";
import type { LayerScope } from "./scope.ts";

/** How self-attention differs between architectures. */
export interface SelfAttentionOptions {
  /** Where queries, keys and values come from. @default {separately()} */
  project?: Projection;
  /** Normalises every head's queries and keys before they are turned; nothing does by default. */
  headNorm?: Norm;
}

/** Each head's part of `[tokens, heads * head size]` normalised by itself. */
function normaliseHeads(scope: LayerScope, norm: Norm, name: string, x: Value): Value {
  const { headSize } = scope.config;
  const [tokens, width] = x.shape;
  const heads = product([tokens, Number(width) / headSize]);
  const normed = norm(scope, name, reshape(scope.g, x, [heads, headSize]));
  return reshape(scope.g, normed, x.shape);
}

/** Queries, scaled as scores are to be, and keys, turned by their positions where these count. */
function turned(scope: LayerScope, q: Value, k: Value): [Value, Value] {
  const { g, angles, config } = scope;
  const scale = g.scalar(config.attentionScale ?? 1 / Math.sqrt(config.headSize));
  if (!angles) return [mul(g, q, scale), k];
  const { cos, sin } = angles;
  // What angles are multiplied with, scores are: cheaper on the table than on the queries.
  return [rotate(g, q, mul(g, cos, scale), mul(g, sin, scale)), rotate(g, k, cos, sin)];
}

/** Attention of a row's tokens to each other: `[tokens, hidden]` to the same. */
export function selfAttention(
  scope: LayerScope,
  x: Value,
  { project = separately(), headNorm }: SelfAttentionOptions = {},
): Value {
  const { q, k, v } = project(scope, x);
  const normed = (name: string, x: Value) =>
    headNorm ? normaliseHeads(scope, headNorm, `self_attn.${name}_norm`, x) : x;
  const [queries, keys] = turned(scope, normed("q", q), normed("k", k));
  const mixed = scope.attend(queries, keys, v);
  return dense(scope, "self_attn.o_proj", mixed, scope.config.hiddenSize);
}
