/**
 * What a training step holds in memory.
 *
 * T tokens and P predictions a row, N numbers that learn, W of them in a layer; a model of width H,
 * intermediate width I, L layers, h heads that are together Q wide and keys that are together K wide,
 * vocabulary V; numbers of 4 bytes. What is computed token by token takes chunks of C tokens, of at
 * most 1,024, the head chunks of D predictions, of at most 256; q and k are the part of Q and K whose
 * heads are computed at once.
 *
 * | what | numbers |
 * | --- | --- |
 * | weights | N; with adapters the model's beside them, and the start's where pairs need it |
 * | widened | of weights in 16 bits, which take half, those of the largest segment |
 * | gradients | N; of one row that is not clipped V H + W |
 * | moments | 2 N; at a byte each N / 2, in a file some MB |
 * | kept of layers | L T (H + Q + h); in a file that of 2 layers and some MB |
 * | hidden states on their way | 5 T H |
 * | workspace | 1.1 times the largest of the next four |
 * | a layer | max(C (5 I + 9 H) + 4 T H + W, T (4 (Q + K) + 12 q + 4 k) and scores of 4 tiles) |
 * | head | 4 D V + 2 V H + 4 T H |
 * | embedding's gradient | 2 T H |
 * | update | 6 of 2^18, or of the largest parameter |
 *
 * Where adapters learn in place of the weights, N, W and the largest parameter are theirs, and the
 * embedding has no gradient. A row that is one chunk needs no W.
 *
 * What weights, gradients, moments and kept values take is counted, and the same as is allocated. The
 * letters of workspaces are what lives at once in the graphs, whose shares were set by measuring single
 * layers and heads: widths from 256 to 1,152, vocabularies from 2,048 to 49,152, rows from 768 to 16,640
 * tokens. The tenth more is what values of ever other sizes leave unused between them; in a row's first
 * step it may be nothing, after rows of other lengths twice that.
 *
 * @module
 */

import { type ModelConfig, parameterCount } from "../../model/mod.ts";
import { gradientsBytes } from "./gradients_bytes.ts";
import { keptBytes } from "./kept_bytes.ts";
import {
  layerShapes,
  learningCount,
  learningShapes,
  type LearningSize,
  NUMBER_BYTES,
  numbersIn,
  WEIGHT_BYTES,
} from "./learning_size.ts";
import { momentsBytes } from "./moments_bytes.ts";
import type { RowSize } from "./row_size.ts";
import { type Workspaces, workspaces } from "./workspaces.ts";

/** What takes memory, by name; bytes. */
export interface StepMemory {
  /** Deno with the program, the runtime's library and its graphs. */
  base: number;
  /** The model as it came, where it is not what learns: under adapters, or needed by pairs. */
  model: number;
  /** What learns: the policy's own weights, or its adapters. */
  weights: number;
  /** Weights in 16 bits as float32: those of the largest segment. */
  widened: number;
  /** Gradients of what learns. */
  gradients: number;
  /** The optimiser's, of what learns. */
  moments: number;
  /** Layers' inputs and what attention gave. */
  kept: number;
  /** Hidden states and their gradients, between one graph and the next. */
  states: number;
  /** The arena that all graphs share. */
  workspace: number;
}

/** Measured after graphs were opened, without weights. */
const BASE = 120 * 2 ** 20;

/** What graphs with adapters take more: measured too, 10 to 65 MiB. */
const ADAPTED = 40 * 2 ** 20;

/** Hidden states that go in and out of graphs, and the indices of the embedding's gradient. */
const STATES = 5;

/** How much larger the arena is than what its values take. */
const ARENA = 1.1;

/** What a step holds in which rows of this size are computed one after another. */
export function stepMemory(
  config: ModelConfig,
  row: Pick<RowSize, "tokens" | "predictions">,
  learning: LearningSize = {},
  rows = 1,
): StepMemory {
  const { dtype = "float32", moments = "float32", activations = "memory" } = learning;
  const { lora, keepsStart = false } = learning;
  const parameters = WEIGHT_BYTES[dtype] * parameterCount(config);
  return {
    base: BASE + (lora ? ADAPTED : 0),
    model: lora || keepsStart ? parameters : 0,
    weights: lora ? NUMBER_BYTES * learningCount(config, lora) : parameters,
    widened: dtype === "float32" ? 0 : NUMBER_BYTES * largestSegment(config),
    gradients: gradientsBytes(config, rows, learning),
    moments: momentsBytes(learningShapes(config, lora), moments),
    kept: keptBytes(config, row.tokens, activations),
    states: STATES * NUMBER_BYTES * row.tokens * config.hiddenSize,
    workspace: Math.ceil(ARENA * largestOf(workspaces(config, row, lora))),
  };
}

/** Numbers of the weights that the largest segment reads. */
function largestSegment(config: ModelConfig): number {
  const { vocabSize, hiddenSize } = config;
  return Math.max((vocabSize + 1) * hiddenSize, numbersIn(layerShapes(config)));
}

function largestOf(spaces: Workspaces): number {
  return Math.max(...Object.values(spaces));
}

/**
 * What training adds to a program that has the model and the runtime already.
 *
 * @param takesOver Whether the model's own weights learn, in place of copies.
 */
export function trainingBytes(memory: StepMemory, takesOver = false): number {
  const { base: _, model: __, ...added } = memory;
  return sumOf(added) - (takesOver ? memory.weights : 0);
}

/** All of it, in bytes. */
export function totalBytes(memory: StepMemory): number {
  return sumOf({ ...memory });
}

/** The sum of a record's numbers. */
export function sumOf(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((sum, one) => sum + one, 0);
}
