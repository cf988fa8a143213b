import {
  concat,
  denseAttention,
  Graph,
  type Marks,
  reshape,
  transpose,
  type Value,
  visibilityBias,
} from "../../onnx/mod.ts";
import type { LayerKind } from "../layer_kind.ts";
import type { ModelConfig } from "../model_config.ts";
import type { Attend } from "./scope.ts";

/** Queries side by side as `[key-value heads, tokens, group, size]`. */
function byKeyValueHead(g: Graph, q: Value, config: ModelConfig): Value {
  const { headCount, keyValueHeadCount, headSize } = config;
  const group = headCount / keyValueHeadCount;
  const grouped = reshape(g, q, [q.shape[0], keyValueHeadCount, group, headSize]);
  return transpose(g, grouped, [1, 0, 2, 3]);
}

/** The inverse of {@linkcode byKeyValueHead}, heads side by side: `[tokens, q size]`. */
function sideBySide(g: Graph, mixed: Value, config: ModelConfig): Value {
  const rows = transpose(g, mixed, [1, 0, 2, 3]);
  return reshape(g, rows, [rows.shape[0], config.headCount * config.headSize]);
}

/** Marks of a row's tokens as inputs. */
function markInputs(g: Graph, prefix: string, length: string, { window }: LayerKind): Marks {
  const mark = (name: string) => g.input(`${prefix}${name}`, "float32", [length]);
  const marks = { document: mark("document"), branch: mark("branch"), order: mark("order") };
  return window === undefined ? marks : { ...marks, position: mark("position") };
}

/** Marks of new tokens and of all tokens to what is added to scores, `[tokens, 1, keys]`. */
export function visibilityGraph(kind: LayerKind): Graph {
  const g = new Graph(`visibility_${kind.name}`);
  const queries = markInputs(g, "query_", "tokens", kind);
  const keys = markInputs(g, "key_", "keys", kind);
  g.output("bias", visibilityBias(g, queries, keys, kind.window));
  return g;
}

/**
 * Attention of new tokens to a cache and to themselves. Keys and values of the new tokens come out
 * of the graph as `[tokens, key-value heads, size]`, to be put after the cache's rows.
 */
export function cachedAttention(g: Graph, config: ModelConfig): Attend {
  const { keyValueHeadCount, headSize } = config;
  const shape = ["past", keyValueHeadCount, headSize];
  const pastKeys = g.input("past_keys", "float32", shape);
  const pastValues = g.input("past_values", "float32", shape);
  const bias = g.input("bias", "float32", ["tokens", 1, "keys"]);
  return (q, k, v) => {
    const heads = (x: Value) => reshape(g, x, ["tokens", keyValueHeadCount, headSize]);
    const [keys, values] = [heads(k), heads(v)];
    g.output("keys", keys);
    g.output("values", values);
    const all = (past: Value, fresh: Value) =>
      transpose(g, concat(g, [past, fresh], 0, "keys"), [1, 0, 2]);
    const queries = byKeyValueHead(g, q, config);
    const mixed = denseAttention(g, queries, all(pastKeys, keys), all(pastValues, values), bias);
    return sideBySide(g, mixed, config);
  };
}
