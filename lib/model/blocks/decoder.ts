/**
 * A decoder out of its layer: embedding, layers (over whole rows, and with a cache), and head.
 *
 * Parameter inputs have the Hugging Face names with the layer's prefix left out, so that one graph
 * serves all layers of a kind.
 *
 * @module
 */

import {
  chunkedLogProbs,
  gatherRows,
  Graph,
  linear,
  linearOfFew,
  logSumExp,
  mul,
  type Predictions,
  type Segment,
  type Value,
} from "../../onnx/mod.ts";
import type { ArchitectureGraphs, CachedGraphOptions, HeadParts } from "../architecture.ts";
import { type LayerKind, layerKind, ofKinds, PLAIN_LAYER } from "../layer_kind.ts";
import type { ModelConfig } from "../model_config.ts";
import { EMBEDDING, HEAD } from "../parameter_names.ts";
import { cachedAttention, visibilityGraph } from "./cached_attention.ts";
import { type Norm, rmsNorm } from "./norm.ts";
import type { Part } from "./pre_norm_layer.ts";
import { rowAttention } from "./row_attention.ts";
import { type Angles, LayerScope, type Linear, Scope } from "./scope.ts";

/** What tells one decoder from another. */
export interface DecoderOptions {
  /** The residual stream through one layer. */
  layer: Part;
  /** The norm before the head. @default {rmsNorm} */
  norm?: Norm;
  /** What embeddings are multiplied with; nothing by default. */
  embeddingScale?: (config: ModelConfig) => number;
}

function angleInputs(g: Graph, config: ModelConfig, kind: LayerKind): Angles | undefined {
  if (kind.rotary === false) return undefined;
  const shape = ["tokens", config.headSize / 2];
  return { cos: g.input("cos", "float32", shape), sin: g.input("sin", "float32", shape) };
}

function embedSegment(config: ModelConfig, scale: number | undefined): Segment {
  return {
    name: "embed",
    build(g) {
      const tokens = g.input("tokens", "int64", ["tokens"]);
      const scope = new Scope(g, config);
      const weight = scope.weight("embed_tokens.weight", config.vocabSize, config.hiddenSize);
      const rows = gatherRows(g, weight, tokens);
      const hidden = scale === undefined ? rows : mul(g, rows, g.scalar(scale));
      const { parameters } = scope;
      return { flowing: [], parameters, outputs: { hidden }, differentiable: "hidden" };
    },
  };
}

function layerSegment(config: ModelConfig, kind: LayerKind, layer: Part): Segment {
  return {
    name: kind.name,
    build(g) {
      const input = g.input("input", "float32", ["tokens", config.hiddenSize]);
      const angles = angleInputs(g, config, kind);
      const { attend, kept } = rowAttention(g, config);
      const scope = new LayerScope(g, config, attend, angles);
      const outputs = { hidden: layer(scope, input) };
      const { parameters } = scope;
      return { flowing: [input], parameters, outputs, differentiable: "hidden", kept };
    },
  };
}

function multiplyOf({ fewTokens = false }: CachedGraphOptions = {}): Linear {
  return fewTokens ? linearOfFew : linear;
}

function cachedLayerGraph(
  config: ModelConfig,
  kind: LayerKind,
  layer: Part,
  options?: CachedGraphOptions,
): Graph {
  const g = new Graph(`cached_${kind.name}`);
  const input = g.input("input", "float32", ["tokens", config.hiddenSize]);
  const angles = angleInputs(g, config, kind);
  const attend = cachedAttention(g, config);
  const scope = new LayerScope(g, config, attend, angles, multiplyOf(options));
  g.output("hidden", layer(scope, input));
  return g;
}

/** Final norm and head matrix. */
function headWeights(g: Graph, config: ModelConfig, norm: Norm) {
  const input = g.input("input", "float32", ["tokens", config.hiddenSize]);
  const scope = new Scope(g, config);
  const normed = norm(scope, "norm", input);
  const matrix = scope.weight("lm_head.weight", config.vocabSize, config.hiddenSize);
  return { input, matrix, normed, parameters: scope.parameters };
}

function headParts(g: Graph, config: ModelConfig, norm: Norm): HeadParts {
  const { input, matrix, normed, parameters } = headWeights(g, config, norm);
  const logProbs = (...predictions: Predictions[]) =>
    chunkedLogProbs(g, normed, matrix, predictions);
  return { input, parameters, logProbs };
}

function logitsGraph(config: ModelConfig, norm: Norm, options?: CachedGraphOptions): Graph {
  const g = new Graph("logits");
  const { matrix, normed } = headWeights(g, config, norm);
  const logits = g.output("logits", multiplyOf(options)(g, normed, matrix));
  g.output("normalisers", logSumExp(g, logits));
  return g;
}

/** Names of values, each as what `full` makes of it. */
function names(values: readonly Value[], full: (name: string) => string): Record<string, string> {
  return Object.fromEntries(values.map(({ name }) => [name, full(name)]));
}

/** All graphs of a decoder. */
export function decoder(
  { layer, norm = rmsNorm, embeddingScale }: DecoderOptions,
): ArchitectureGraphs {
  const known = new WeakMap<ModelConfig, Record<string, readonly Value[]>>();
  const layerParameters = (config: ModelConfig, { name }: LayerKind): readonly Value[] => {
    const byKind = known.get(config) ??
      ofKinds(config, (kind) => layerSegment(config, kind, layer).build(new Graph("")).parameters);
    known.set(config, byKind);
    return byKind[name];
  };
  return {
    embed: (config) => embedSegment(config, embeddingScale?.(config)),
    layer: (config, kind = PLAIN_LAYER) => layerSegment(config, kind, layer),
    head: (g, config) => headParts(g, config, norm),
    cachedLayer: (config, kind = PLAIN_LAYER, options) =>
      cachedLayerGraph(config, kind, layer, options),
    visibility: (kind = PLAIN_LAYER) => visibilityGraph(kind),
    logits: (config, options) => logitsGraph(config, norm, options),
    parameterNames: {
      embed: () => ({ "embed_tokens.weight": EMBEDDING }),
      layer: (config, index) =>
        names(
          layerParameters(config, layerKind(config, index)),
          (name) => `model.layers.${index}.${name}`,
        ),
      head: ({ tieEmbeddings }) => ({
        "norm.weight": "model.norm.weight",
        "lm_head.weight": tieEmbeddings ? EMBEDDING : HEAD,
      }),
    },
  };
}
