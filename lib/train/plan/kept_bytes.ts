/**
 * Memory of what a row's forward keeps for its backward.
 *
 * @module
 */

import type { ModelConfig } from "../../model/mod.ts";
import type { ActivationsName } from "../kept/stores.ts";
import { NUMBER_BYTES } from "./learning_size.ts";

/** Layers whose values are in memory where the others' are in a file: one in use, one on its way. */
const ON_THEIR_WAY = 2;

/** Pieces that go to a file and back. */
const PIECES = 2 * 2 ** 22;

/** Bytes of what one layer keeps: its input, what attention gave, and a normaliser a head. */
export function layerKeptBytes(
  { hiddenSize, headCount, headSize }: ModelConfig,
  tokens: number,
): number {
  return NUMBER_BYTES * tokens * (hiddenSize + headCount * (headSize + 1));
}

/** Bytes in memory of what all layers keep. */
export function keptBytes(
  config: ModelConfig,
  tokens: number,
  activations: ActivationsName,
): number {
  const each = layerKeptBytes(config, tokens);
  if (activations === "memory") return config.layerCount * each;
  return Math.min(ON_THEIR_WAY, config.layerCount) * each + PIECES;
}
