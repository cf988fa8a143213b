/**
 * What an architecture is: a reader of its config.json, and its computation as graphs.
 *
 * @module
 */

import type { Graph, Predictions, Segment, Value } from "../onnx/mod.ts";
import type { ConfigReader } from "./config_reader.ts";
import type { LayerKind } from "./layer_kind.ts";
import type { ArchitectureConfig, ModelConfig } from "./model_config.ts";

/** The head's parts: log-probs of predictions from a row's hidden states. */
export interface HeadParts {
  /** `[tokens, hidden]`, out of the last layer. */
  input: Value;
  /** Inputs that are weights, in the order in which gradients are given. */
  parameters: Value[];
  /** Log-probs of each set of predictions, `[predictions]`. */
  logProbs(...predictions: Predictions[]): Value[];
}

/** What a graph that writes tokens is made for. */
export interface CachedGraphOptions {
  /** Fast for a few tokens at once, slow for many; the results are the same. @default {false} */
  fewTokens?: boolean;
}

/** How an architecture is computed; parameter inputs are named within their layer. */
export interface ArchitectureGraphs {
  /** Tokens to hidden states. */
  embed(config: ModelConfig): Segment;
  /**
   * One decoder layer over a whole row, named after its kind; the same graph for all layers of it.
   *
   * @param kind A plain layer where it is left out.
   */
  layer(config: ModelConfig, kind?: LayerKind): Segment;
  /** Hidden states to log-probs; the objective continues the graph. */
  head(g: Graph, config: ModelConfig): HeadParts;
  /**
   * One decoder layer for new tokens after a cache of keys and values.
   *
   * @param kind A plain layer where it is left out.
   */
  cachedLayer(config: ModelConfig, kind?: LayerKind, options?: CachedGraphOptions): Graph;
  /**
   * Who of new tokens sees whom of a cache and them, once for all layers of a kind.
   *
   * @param kind A plain layer where it is left out.
   */
  visibility(kind?: LayerKind): Graph;
  /** Hidden states to logits `[tokens, vocabulary]` and the log of each row's sum of e^logit. */
  logits(config: ModelConfig, options?: CachedGraphOptions): Graph;
  /** Parameter inputs of each segment, as Hugging Face names. */
  parameterNames: {
    embed(config: ModelConfig): Record<string, string>;
    layer(config: ModelConfig, layer: number): Record<string, string>;
    head(config: ModelConfig): Record<string, string>;
  };
}

/** An architecture: one file, and one line in the table. */
export interface Architecture {
  /** `model_type` in config.json. */
  readonly modelType: string;
  /** `architectures[0]` in config.json, for configs without a `model_type`. */
  readonly className: string;
  /**
   * Reads what is its own of a config.json.
   *
   * @throws {UserError} If a key is missing or wrong, or asks for what the graphs do not compute.
   */
  readConfig(config: ConfigReader): ArchitectureConfig;
  /** Its computation. */
  readonly graphs: ArchitectureGraphs;
  /** What norms' weights are before anything is learnt. @default {1} */
  readonly initialNorm?: number;
}
