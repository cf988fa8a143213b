/**
 * The numbers that fix a model's graphs and weights.
 *
 * @module
 */

import type { JsonObject } from "./config_reader.ts";
import type { LayerKind } from "./layer_kind.ts";
import type { RopeScaling } from "./rope/rope_rule.ts";

/** The numbers that fix a model's graphs and weights. */
export interface ModelConfig {
  /** Which graphs compute it: `model_type` in config.json. */
  readonly architecture: string;
  /** Rows of the embedding and of the head; every token id is below it. */
  readonly vocabSize: number;
  /** Width of the residual stream. */
  readonly hiddenSize: number;
  /** Width inside the feed-forward block. */
  readonly intermediateSize: number;
  /** Decoder layers. */
  readonly layerCount: number;
  /** Query heads. */
  readonly headCount: number;
  /** Key and value heads; each serves `headCount / keyValueHeadCount` query heads. */
  readonly keyValueHeadCount: number;
  /** Width of one head; even, since rotary embedding turns it in pairs. */
  readonly headSize: number;
  /** What scores are multiplied with. @default {1 / Math.sqrt(headSize)} */
  readonly attentionScale?: number;
  /** Base of the rotary embedding's wavelengths. */
  readonly ropeTheta: number;
  /** How the wavelengths are changed for longer contexts; not at all where absent. */
  readonly ropeScaling?: RopeScaling;
  /** One a layer, where not all layers are alike or not plain. */
  readonly layerKinds?: readonly LayerKind[];
  /** Context length the model was trained for, in tokens. */
  readonly maxPositions: number;
  /** Added to the mean square under the root of RMSNorm. */
  readonly normEpsilon: number;
  /** Whether embedding and head are one matrix. */
  readonly tieEmbeddings: boolean;
  /** The token a text begins with, where the config names one. */
  readonly bosTokenId?: number;
  /** The tokens that end an answer, of `config.json` and `generation_config.json` together. */
  readonly eosTokenIds: readonly number[];
  /** `config.json` as it was read. */
  readonly raw: Readonly<JsonObject>;
}

/** What an architecture's reader gives; the rest is read alike for all. */
export type ArchitectureConfig = Omit<
  ModelConfig,
  "architecture" | "bosTokenId" | "eosTokenIds" | "raw"
>;
