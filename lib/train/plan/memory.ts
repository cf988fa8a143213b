/**
 * What a training step holds in memory.
 *
 * T tokens and P predictions a row, N parameters; a model of width H, intermediate width I, L layers,
 * h heads that are together Q wide, vocabulary V; numbers of 4 bytes. Attention takes blocks of B
 * queries against at most T keys, the head chunks of C predictions.
 *
 * | what | numbers |
 * | --- | --- |
 * | weights, gradients | N each; the model as it came another N |
 * | moments | 2 N |
 * | kept of layers | L T (H + Q + h) |
 * | layers forward | max(2 T (3 I + 5 H), 4 h B T) |
 * | layers backward | max(2 T (5 I + 9 H), 7 h B T) |
 * | head | 4 C V + 4.5 V H + 12 T H |
 * | embedding's gradient | V H + 2 T H |
 * | optimiser | 7.3 times the largest parameter |
 *
 * Where adapters learn in place of the weights, N and the largest parameter are theirs, but for the
 * model as it came, which is the policy too; the embedding has no gradient then.
 *
 * The letters are counts of values that live at once; the factors are measured, on rows of 512 to
 * 4,096 tokens. They are about twice what is alive, since the runtime allocates a graph's values one
 * by one in its first run, in one piece in the next, and gives nothing back; rows of ever other
 * lengths take up to a quarter more. For the same reason what segments take one after another is
 * added up.
 *
 * @module
 */

import {
  adapterShapes,
  elementCount,
  expectedParameters,
  HEAD_CHUNK,
  type LoraConfig,
  type ModelConfig,
  parameterCount,
  type ParameterShapes,
} from "../../model/mod.ts";
import type { RowSize } from "./row_size.ts";

/** Bytes of a number that is computed with; others are not computed with yet. */
export const NUMBER_BYTES = { float32: 4 } as const;

/** What numbers are computed in. */
export type PlanDtype = keyof typeof NUMBER_BYTES;

/** What is computed in, and what learns. */
export interface LearningSize {
  /** What numbers are computed in. @default {"float32"} */
  dtype?: PlanDtype;
  /** Adapters that learn in place of the weights. @default {none} */
  lora?: LoraConfig;
}

/** Names and shapes of what learns. */
export function learningShapes(config: ModelConfig, lora?: LoraConfig): ParameterShapes {
  return lora ? adapterShapes(config, lora) : expectedParameters(config);
}

/** How many numbers learn. */
export function learningCount(config: ModelConfig, lora?: LoraConfig): number {
  return [...learningShapes(config, lora).values()].map(elementCount).reduce((a, b) => a + b, 0);
}

/** What takes memory, by name; bytes. */
export interface StepMemory {
  /** Deno with the program, the runtime's library and its graphs. */
  base: number;
  /** The model as it came: the reference, and where training starts. */
  model: number;
  /** What learns: the policy's own weights, or its adapters. */
  weights: number;
  /** Of all that learns. */
  gradients: number;
  /** Two of all that learns. */
  moments: number;
  /** Layers' inputs and what attention gave. */
  kept: number;
  /** Workspace of a layer's forward. */
  layersForward: number;
  /** Workspace of a layer's forward and backward. */
  layersBackward: number;
  /** Workspace of the head: chunks of logits and the gradient of its matrix. */
  head: number;
  /** Workspace of the embedding's gradient. */
  embedding: number;
  /** Workspace of an update. */
  optimiser: number;
}

/** Measured after graphs were opened, without weights. */
const BASE = 120 * 2 ** 20;

/** Queries of a block, as attention plans have it. */
const QUERY_BLOCK = 128;

/** What a step on a row holds. */
export function stepMemory(
  config: ModelConfig,
  { tokens, predictions }: Pick<RowSize, "tokens" | "predictions">,
  { dtype = "float32", lora }: LearningSize = {},
): StepMemory {
  const { hiddenSize, intermediateSize, layerCount, headCount, headSize, vocabSize } = config;
  const bytes = (numbers: number) => Math.ceil(numbers * NUMBER_BYTES[dtype]);
  const learning = bytes(learningCount(config, lora));
  const largest = Math.max(...[...learningShapes(config, lora).values()].map(elementCount));
  const scores = headCount * Math.min(QUERY_BLOCK, tokens) * tokens;
  const feed = (wide: number, narrow: number) =>
    2 * tokens * (wide * intermediateSize + narrow * hiddenSize);
  const states = tokens * hiddenSize;
  const matrix = vocabSize * hiddenSize;
  const logits = Math.min(HEAD_CHUNK, predictions) * vocabSize;
  return {
    base: BASE,
    model: bytes(parameterCount(config)),
    weights: learning,
    gradients: learning,
    moments: 2 * learning,
    kept: bytes(layerCount * tokens * (hiddenSize + headCount * (headSize + 1))),
    layersForward: bytes(Math.max(feed(3, 5), 4 * scores)),
    layersBackward: bytes(Math.max(feed(5, 9), 7 * scores)),
    head: bytes(4 * logits + 4.5 * matrix + 12 * states),
    embedding: lora ? 0 : bytes(matrix + 2 * states),
    optimiser: bytes(7.3 * largest),
  };
}

/** What training adds to a program that has the model and the runtime already. */
export function trainingBytes({ base: _, model: __, ...added }: StepMemory): number {
  return sumOf(added);
}

/** All of it, in bytes. */
export function totalBytes(memory: StepMemory): number {
  return sumOf({ ...memory });
}

/** The sum of a record's numbers. */
export function sumOf(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((sum, one) => sum + one, 0);
}
