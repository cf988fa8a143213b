/**
 * Architectures as graphs, and the table of them.
 *
 * @module
 */

import type { Graph, Predictions, Segment, Value } from "../onnx/mod.ts";
import type { Architecture, ModelConfig } from "./config.ts";
import { llama } from "./llama.ts";

/** The head's parts: log-probs of predictions from a row's hidden states. */
export interface HeadParts {
  /** `[tokens, hidden]`, out of the last layer. */
  input: Value;
  /** Inputs that are weights, in the order in which gradients are given. */
  parameters: Value[];
  /** Log-probs of predictions, `[predictions]`; more than one set may be asked for. */
  logProbs(predictions: Predictions): Value;
}

/** How an architecture is computed; parameter inputs are named within their layer. */
export interface ArchitectureGraphs {
  /** Tokens to hidden states. */
  embed(config: ModelConfig): Segment;
  /** One decoder layer over a whole row; the same graph for all layers. */
  layer(config: ModelConfig): Segment;
  /** Hidden states to log-probs; the objective continues the graph. */
  head(g: Graph, config: ModelConfig): HeadParts;
  /** One decoder layer for new tokens after a cache of keys and values. */
  cachedLayer(config: ModelConfig): Graph;
  /** Hidden states to logits `[tokens, vocabulary]`. */
  logits(config: ModelConfig): Graph;
  /** Parameter inputs of each segment, as Hugging Face names. */
  parameterNames: {
    embed(config: ModelConfig): Record<string, string>;
    layer(config: ModelConfig, layer: number): Record<string, string>;
    head(config: ModelConfig): Record<string, string>;
  };
}

const architectures: Readonly<Record<Architecture, ArchitectureGraphs>> = { llama };

/** The graphs of a model's architecture. */
export function graphsOf(config: ModelConfig): ArchitectureGraphs {
  return architectures[config.architecture];
}
