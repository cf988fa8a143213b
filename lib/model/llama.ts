/**
 * Llama as graphs: embedding, decoder layer (whole rows, and with a cache), and head.
 *
 * Parameter inputs have the Hugging Face names with the layer's prefix left out, so that one layer
 * graph serves all layers.
 *
 * @module
 */

import {
  add,
  type AttentionPlanValues,
  blockwiseAttention,
  chunkedLogProbs,
  concat,
  denseAttention,
  gatherRows,
  Graph,
  linear,
  type Marks,
  mul,
  reshape,
  rmsNorm,
  rotate,
  type Segment,
  swiGlu,
  transpose,
  type Value,
  visibilityBias,
} from "../onnx/mod.ts";
import type { ArchitectureGraphs, HeadParts } from "./architecture.ts";
import type { ModelConfig } from "./config.ts";
import { EMBEDDING, HEAD } from "./parameters.ts";

/** What attends in a layer: queries, keys and values `[tokens, size]` become mixed values like q. */
type Attend = (q: Value, k: Value, v: Value) => Value;

/** A decoder layer around an attention. */
function decoderLayer(
  g: Graph,
  config: ModelConfig,
  hidden: Value,
  rotary: { cos: Value; sin: Value },
  attend: Attend,
): { hidden: Value; parameters: Value[] } {
  const { hiddenSize, intermediateSize, headCount, keyValueHeadCount, headSize } = config;
  const parameters: Value[] = [];
  const weight = (name: string, ...shape: number[]) => {
    const value = g.input(`${name}.weight`, "float32", shape);
    parameters.push(value);
    return value;
  };
  const { cos, sin } = rotary;
  const normed = rmsNorm(g, hidden, weight("input_layernorm", hiddenSize), config.normEpsilon);
  const project = (name: string, count: number) =>
    linear(g, normed, weight(`self_attn.${name}_proj`, count * headSize, hiddenSize));
  // What angles are multiplied with, scores are: cheaper on the table than on the queries.
  const scaled = (table: Value) => mul(g, table, g.scalar(1 / Math.sqrt(headSize)));
  const q = rotate(g, project("q", headCount), scaled(cos), scaled(sin));
  const k = rotate(g, project("k", keyValueHeadCount), cos, sin);
  const v = project("v", keyValueHeadCount);
  const mixed = attend(q, k, v);
  const output = weight("self_attn.o_proj", hiddenSize, headCount * headSize);
  const attended = add(g, hidden, linear(g, mixed, output));

  const normWeight = weight("post_attention_layernorm", hiddenSize);
  const inner = rmsNorm(g, attended, normWeight, config.normEpsilon);
  const gate = linear(g, inner, weight("mlp.gate_proj", intermediateSize, hiddenSize));
  const up = linear(g, inner, weight("mlp.up_proj", intermediateSize, hiddenSize));
  const down = weight("mlp.down_proj", hiddenSize, intermediateSize);
  const fed = linear(g, swiGlu(g, gate, up), down);
  return { hidden: add(g, attended, fed), parameters };
}

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

function rotaryInputs(g: Graph, config: ModelConfig): { cos: Value; sin: Value } {
  const shape = ["tokens", config.headSize / 2];
  return { cos: g.input("cos", "float32", shape), sin: g.input("sin", "float32", shape) };
}

const embed = (config: ModelConfig): Segment => ({
  name: "embed",
  build(g) {
    const tokens = g.input("tokens", "int64", ["tokens"]);
    const shape = [config.vocabSize, config.hiddenSize];
    const weight = g.input("embed_tokens.weight", "float32", shape);
    const hidden = gatherRows(g, weight, tokens);
    return { flowing: [], parameters: [weight], outputs: { hidden }, differentiable: "hidden" };
  },
});

const layer = (config: ModelConfig): Segment => ({
  name: "layer",
  build(g) {
    const input = g.input("input", "float32", ["tokens", config.hiddenSize]);
    const rotary = rotaryInputs(g, config);
    const plan = planInputs(g);
    const { headCount: heads, keyValueHeadCount: keyValueHeads } = config;
    let kept = {};
    const { hidden, parameters } = decoderLayer(g, config, input, rotary, (q, k, v) => {
      const { mixed, normaliser } = blockwiseAttention(g, q, k, v, plan, { heads, keyValueHeads });
      // Attention grows with the square of the row; what it gives, with the row.
      kept = { mixed, normaliser };
      return mixed;
    });
    const outputs = { hidden };
    return { flowing: [input], parameters, outputs, differentiable: "hidden", kept };
  },
});

/** How the row is cut up for attention, as inputs. */
function planInputs(g: Graph): AttentionPlanValues {
  return {
    groups: g.input("groups", "int64", ["groups", 4]),
    blocks: g.input("blocks", "int64", ["blocks", 8]),
    masks: g.input("masks", "float32", ["masks"]),
    longest: g.input("longest", "int64", [3]),
    queryPlaces: g.input("query_places", "int64", ["tokens"]),
    keyPlaces: g.input("key_places", "int64", ["tokens"]),
  };
}

/** Marks of a row's tokens as inputs. */
function markInputs(g: Graph, prefix: string, length: string): Marks {
  const mark = (name: string) => g.input(`${prefix}${name}`, "float32", [length]);
  return { document: mark("document"), branch: mark("branch"), order: mark("order") };
}

/**
 * A layer for generation: new tokens attend to a cache and to themselves. Keys and values of the
 * new tokens come out as `[tokens, key-value heads, size]`, to be put after the cache's rows.
 */
function cachedLayer(config: ModelConfig): Graph {
  const g = new Graph("cached_layer");
  const input = g.input("input", "float32", ["tokens", config.hiddenSize]);
  const rotary = rotaryInputs(g, config);
  const shape = ["past", config.keyValueHeadCount, config.headSize];
  const pastKeys = g.input("past_keys", "float32", shape);
  const pastValues = g.input("past_values", "float32", shape);
  const bias = visibilityBias(g, markInputs(g, "query_", "tokens"), markInputs(g, "key_", "keys"));
  const { hidden } = decoderLayer(g, config, input, rotary, (q, k, v) => {
    const heads = (x: Value) =>
      reshape(g, x, ["tokens", config.keyValueHeadCount, config.headSize]);
    const [keys, values] = [heads(k), heads(v)];
    g.output("keys", keys);
    g.output("values", values);
    const all = (past: Value, fresh: Value) =>
      transpose(g, concat(g, [past, fresh], 0, "keys"), [1, 0, 2]);
    const queries = byKeyValueHead(g, q, config);
    const mixed = denseAttention(g, queries, all(pastKeys, keys), all(pastValues, values), bias);
    return sideBySide(g, mixed, config);
  });
  g.output("hidden", hidden);
  return g;
}

/** Final norm and head matrix. */
function headWeights(g: Graph, config: ModelConfig) {
  const input = g.input("input", "float32", ["tokens", config.hiddenSize]);
  const norm = g.input("norm.weight", "float32", [config.hiddenSize]);
  const matrix = g.input("lm_head.weight", "float32", [config.vocabSize, config.hiddenSize]);
  return { input, matrix, norm, normed: rmsNorm(g, input, norm, config.normEpsilon) };
}

function head(g: Graph, config: ModelConfig): HeadParts {
  const { input, matrix, norm, normed } = headWeights(g, config);
  return {
    input,
    parameters: [norm, matrix],
    logProbs: (predictions) => chunkedLogProbs(g, normed, matrix, predictions),
  };
}

function logits(config: ModelConfig): Graph {
  const g = new Graph("logits");
  const { matrix, normed } = headWeights(g, config);
  g.output("logits", linear(g, normed, matrix));
  return g;
}

const LAYER_PARAMETERS = [
  "input_layernorm",
  "self_attn.q_proj",
  "self_attn.k_proj",
  "self_attn.v_proj",
  "self_attn.o_proj",
  "post_attention_layernorm",
  "mlp.gate_proj",
  "mlp.up_proj",
  "mlp.down_proj",
];

/** Llama 2 and 3, and what has their shape. */
export const llama: ArchitectureGraphs = {
  embed,
  layer,
  head,
  cachedLayer,
  logits,
  parameterNames: {
    embed: () => ({ "embed_tokens.weight": EMBEDDING }),
    layer: (_config, layer) =>
      Object.fromEntries(
        LAYER_PARAMETERS.map((name) => [
          `${name}.weight`,
          `model.layers.${layer}.${name}.weight`,
        ]),
      ),
    head: ({ tieEmbeddings }) => ({
      "norm.weight": "model.norm.weight",
      "lm_head.weight": tieEmbeddings ? EMBEDDING : HEAD,
    }),
  },
};
