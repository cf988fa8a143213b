/**
 * Models on disk, whatever they are kept in.
 *
 * @module
 */

import type { ChatSettings } from "./chat.ts";
import type { ModelConfig } from "./config.ts";
import type { ChatModel } from "./model.ts";
import type { ReadWeightsOptions } from "./read_parameters.ts";
import type { Weights } from "./weights.ts";

/** A model's config with what makes text of its tokens. */
export interface TextModel extends ChatModel {
  /** The numbers of config.json. */
  readonly config: ModelConfig;
}

/** How a model on disk is opened. */
export interface StoredModelOptions extends ChatSettings {
  /** Used in place of the model's own chat template. */
  chatTemplate?: string;
}

/** A model on disk, of which everything but the weights has been read. */
export interface StoredModel extends AsyncDisposable {
  /** All but the weights. */
  readonly text: TextModel;
  /** Reads the weights. */
  readWeights(options?: ReadWeightsOptions): Promise<Weights>;
}
