/**
 * What of a training decides how much it takes, beside the model and its rows.
 *
 * @module
 */

import {
  adapterShapes,
  elementCount,
  expectedParameters,
  graphsOf,
  type HeldDtype,
  type LoraConfig,
  type ModelConfig,
  type ParameterShapes,
} from "../../model/mod.ts";
import type { ActivationsName } from "../kept/stores.ts";
import type { MomentsName } from "../moments/stores.ts";

/** Bytes of a number that is computed with: gradients, activations and workspaces have these. */
export const NUMBER_BYTES = 4;

/** Bytes of a weight by how weights are held; what is computed with them is float32. */
export const WEIGHT_BYTES: Readonly<Record<HeldDtype, number>> = {
  float32: NUMBER_BYTES,
  bfloat16: 2,
  float16: 2,
};

/** What learns, and where its numbers lie. */
export interface LearningSize {
  /** How the model's weights are held; adapters are float32. @default {"float32"} */
  dtype?: HeldDtype;
  /** Adapters that learn in place of the weights. @default {none} */
  lora?: LoraConfig;
  /** How the optimiser's moments are kept. @default {"float32"} */
  moments?: MomentsName;
  /** Where layers' values are between forward and backward. @default {"memory"} */
  activations?: ActivationsName;
  /** Whether gradients are scaled down to a norm, so that all are there at once. @default {true} */
  clips?: boolean;
  /**
   * Whether the weights that training starts from stay beside those that learn: where pairs have no
   * log-probs of the reference yet. @default {false}
   */
  keepsStart?: boolean;
}

/** Names and shapes of what learns. */
export function learningShapes(config: ModelConfig, lora?: LoraConfig): ParameterShapes {
  return lora ? adapterShapes(config, lora) : expectedParameters(config);
}

/** How many numbers are in some shapes. */
export function numbersIn(shapes: ParameterShapes): number {
  return [...shapes.values()].map(elementCount).reduce((a, b) => a + b, 0);
}

/** How many numbers learn. */
export function learningCount(config: ModelConfig, lora?: LoraConfig): number {
  return numbersIn(learningShapes(config, lora));
}

/** Names and shapes of what a layer has, adapters left out: layers are taken to be alike. */
export function layerShapes(config: ModelConfig): ParameterShapes {
  const shapes = expectedParameters(config);
  const names = Object.values(graphsOf(config).parameterNames.layer(config, 0));
  return new Map(names.map((name) => [name, shapes.get(name)!]));
}

/** Names and shapes of what learns of a layer. */
export function learningLayerShapes(config: ModelConfig, lora?: LoraConfig): ParameterShapes {
  return lora ? adapterShapes({ ...config, layerCount: 1 }, lora) : layerShapes(config);
}
