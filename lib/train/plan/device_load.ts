/**
 * What a step takes of a device that is not the CPU.
 *
 * Weights, gradients and moments stay with the host, and each run takes over what it reads and gives
 * back what it writes; workspaces are the device's. Counted from how the learner runs its graphs; not
 * measured.
 *
 * @module
 */

import { type ModelConfig, parameterCount } from "../../model/mod.ts";
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

/** What a step on so many rows of one size asks of a device. */
export function deviceLoad(
  config: ModelConfig,
  row: RowSize,
  rows: number,
  learning: LearningSize = {},
): DeviceLoad {
  const { lora } = learning;
  const { hiddenSize, vocabSize, layerCount, tieEmbeddings } = config;
  const matrix = vocabSize * hiddenSize;
  const parameters = parameterCount(config);
  const layer = (parameters - matrix * (tieEmbeddings ? 1 : 2)) / layerCount;
  const states = row.tokens * hiddenSize;
  // Forward: weights and states in, states and what is kept out. Backward: also gradients, both ways.
  const layers = layerCount * (layer + 3 * states + 3 * layer + 4 * states);
  const ends = matrix + states + 3 * matrix + 2 * states + 2 * matrix + states;
  const update = learningCount(config, lora) * (1 + 4 + 3);
  const segment = 3 * Math.max(layer, matrix) + 4 * states;
  return {
    // Each graph has an arena of its own there.
    bytes: NUMBER_BYTES * Math.ceil(segment) + sumOf({ ...workspaces(config, row, lora) }),
    transfer: NUMBER_BYTES * (rows * (layers + ends) + update),
  };
}
