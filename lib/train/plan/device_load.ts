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
import {
  learningCount,
  type LearningSize,
  NUMBER_BYTES,
  type StepMemory,
  stepMemory,
  totalBytes,
} from "./memory.ts";
import type { RowSize } from "./row_size.ts";

/** A device's part. */
export interface DeviceLoad {
  /** Bytes on the device: workspaces, and the weights and gradients of the largest segment. */
  bytes: number;
  /** Bytes that go to the device and back in a step. */
  transfer: number;
}

/** The host's memory where workspaces are on a device. */
export function withoutWorkspaces(memory: StepMemory): StepMemory {
  const none = { layersForward: 0, layersBackward: 0, head: 0, embedding: 0, optimiser: 0 };
  return { ...memory, ...none };
}

/** What a step on so many rows of one size asks of a device. */
export function deviceLoad(
  config: ModelConfig,
  row: RowSize,
  rows: number,
  learning: LearningSize = {},
): DeviceLoad {
  const { dtype = "float32", lora } = learning;
  const { hiddenSize, vocabSize, layerCount, tieEmbeddings } = config;
  const matrix = vocabSize * hiddenSize;
  const parameters = parameterCount(config);
  const layer = (parameters - matrix * (tieEmbeddings ? 1 : 2)) / layerCount;
  const states = row.tokens * hiddenSize;
  // Forward: weights and states in, states and what is kept out. Backward: also gradients, both ways.
  const layers = layerCount * (layer + 3 * states + 3 * layer + 4 * states);
  const ends = matrix + states + 3 * matrix + 2 * states + 2 * matrix + states;
  const update = learningCount(config, lora) * (1 + 4 + 3);
  const bytes = NUMBER_BYTES[dtype];
  const segment = 3 * Math.max(layer, matrix) + 4 * states;
  const memory = stepMemory(config, row, learning);
  const workspaces = totalBytes(memory) - totalBytes(withoutWorkspaces(memory));
  return {
    bytes: Math.ceil(bytes * segment) + workspaces,
    transfer: bytes * (rows * (layers + ends) + update),
  };
}
