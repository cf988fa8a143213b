/**
 * What a step takes of a device that is not the CPU.
 *
 * Weights, gradients and moments stay with the host, and each run takes over what it reads and gives
 * back what it writes; workspaces are the device's. Counted from how the learner runs its graphs; not
 * measured.
 *
 * @module
 */

import { type LoraConfig, type ModelConfig, parameterCount } from "../../model/mod.ts";
import { learningCount, type LearningSize, NUMBER_BYTES } from "./learning_size.ts";
import { type StepMemory, sumOf } from "./memory.ts";
import type { RowSize } from "./row_size.ts";
import { workspaces } from "./workspaces.ts";

/** A device's part. */
export interface DeviceLoad {
  /** Bytes on the device: workspaces, and the weights and gradients of the largest segment. */
  bytes: number;
  /** Bytes that go to the device and back in a step. */
  transfer: number;
}

/** The host's memory where workspaces are on a device. */
export function withoutWorkspaces(memory: StepMemory): StepMemory {
  return { ...memory, workspace: 0 };
}

/** The matrix of the vocabulary, and the numbers of a layer. */
function segmentSizes(config: ModelConfig): { matrix: number; layer: number } {
  const { hiddenSize, vocabSize, layerCount, tieEmbeddings } = config;
  const matrix = vocabSize * hiddenSize;
  const rest = parameterCount(config) - matrix * (tieEmbeddings ? 1 : 2);
  return { matrix, layer: rest / layerCount };
}

/** Bytes that go to the device and back for the gradients of a row. */
export function rowTransfer(config: ModelConfig, { tokens }: Pick<RowSize, "tokens">): number {
  const { matrix, layer } = segmentSizes(config);
  const states = tokens * config.hiddenSize;
  // Forward: weights and states in, states and what is kept out. Backward: also gradients, both ways.
  const layers = config.layerCount * (layer + 3 * states + 3 * layer + 4 * states);
  const ends = matrix + states + 3 * matrix + 2 * states + 2 * matrix + states;
  return NUMBER_BYTES * (layers + ends);
}

/** Bytes that go to the device and back for an update. */
export function updateTransfer(config: ModelConfig, lora?: LoraConfig): number {
  return NUMBER_BYTES * learningCount(config, lora) * (1 + 4 + 3);
}

/** What a step on so many rows of one size asks of a device. */
export function deviceLoad(
  config: ModelConfig,
  row: RowSize,
  rows: number,
  learning: LearningSize = {},
): DeviceLoad {
  const { lora } = learning;
  const { matrix, layer } = segmentSizes(config);
  const segment = 3 * Math.max(layer, matrix) + 4 * row.tokens * config.hiddenSize;
  return {
    // Each graph has an arena of its own there.
    bytes: NUMBER_BYTES * Math.ceil(segment) + sumOf({ ...workspaces(config, row, lora) }),
    transfer: rows * rowTransfer(config, row) + updateTransfer(config, lora),
  };
}
