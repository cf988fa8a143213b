/**
 * Memory of gradients.
 *
 * @module
 */

import type { ModelConfig } from "../../model/mod.ts";
import {
  learningCount,
  learningLayerShapes,
  type LearningSize,
  NUMBER_BYTES,
  numbersIn,
} from "./learning_size.ts";

/**
 * Bytes of the most gradients that there are at once: all of them, unless the step's only row hands
 * them over on its way. Then there are those of a layer, and the one of the vocabulary's matrix, which
 * waits for the embedding's part or lends it its memory.
 *
 * @param rows Rows of the step.
 */
export function gradientsBytes(
  config: ModelConfig,
  rows: number,
  { lora, clips = true }: LearningSize,
): number {
  if (clips || rows > 1) return NUMBER_BYTES * learningCount(config, lora);
  const ends = lora ? 0 : config.vocabSize * config.hiddenSize;
  return NUMBER_BYTES * (ends + numbersIn(learningLayerShapes(config, lora)));
}
