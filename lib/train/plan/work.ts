/**
 * What a training step computes and moves.
 *
 * T tokens, P predictions and S pairs of a token and one that it sees; a model of width H, intermediate
 * width I, L layers, queries Q and keys K wide, vocabulary V. With the products of a layer's matrices
 * M = 2 T H (2 Q + 2 K + 3 I), one product of scores A = 2 S Q, and the logits G = 2 P V H, operations are
 *
 * | part | layers | head |
 * | --- | --- | --- |
 * | forward | L (M + 2 A) | G |
 * | recompute | L (M - 2 T H I + A) | G |
 * | backward | L (2 M + 4 A) | 2 G |
 *
 * The recomputed forward leaves out the last matrix, whose result no gradient needs, and what attention
 * gave, which was kept. Only pairs that are seen count;
 * windows, which some architectures have, are taken for whole rows, and biases for nothing.
 *
 * Where adapters of R numbers a layer learn, a layer's forward has 2 T R more and its backward is
 * L (M + 4 T R + 4 A): weights get no gradients. The little that the first layer saves is not counted.
 *
 * What lies between the products moves memory: each pass over an array is a read or a write. Passes
 * are those of the graphs' elementwise operators; see the numbers below.
 *
 * @module
 */

import {
  adapterShapes,
  elementCount,
  expectedParameters,
  graphsOf,
  HEAD_CHUNK,
  type LoraConfig,
  type ModelConfig,
} from "../../model/mod.ts";
import { learningCount, type LearningSize, NUMBER_BYTES } from "./memory.ts";
import type { RowSize } from "./row_size.ts";

/** Operations of matrix products by part, and bytes that elementwise operators move. */
export interface StepWork {
  /** Layers' forward. */
  forward: number;
  /** Layers' forward once more. */
  recompute: number;
  /** Layers' backward. */
  backward: number;
  /** The head: forward, forward once more, backward. */
  head: number;
  /** Of the layers' operations those of attention, whose products are narrow and slower. */
  attention: number;
  /** Bytes moved between products, rows only. */
  traffic: number;
  /** Bytes moved to clear gradients, to measure them and to update weights; once a step. */
  optimiserTraffic: number;
}

/** The parts of {@linkcode StepWork} that are operations. */
export const OPERATIONS = ["forward", "recompute", "backward", "head"] as const;

/** Passes of one array: in the forward, and in the recomputed forward and backward together. */
const PASSES = {
  /** Activation and gate; their gradients. */
  intermediate: { forward: 5, training: 24 },
  /** Two norms and two residual sums; their gradients. */
  hidden: { forward: 18, training: 48 },
  /** Rotary embedding, and the change between tokens and heads. */
  heads: { forward: 12, training: 24 },
  /** Largest, difference, exponential, sum; then weights and their gradients. */
  scores: { forward: 6, training: 6 },
  /** A gradient is added to a buffer. */
  weights: { forward: 0, training: 3 },
};

/** Log-softmax forward, recomputed, and its gradient, over logits. */
const LOGIT_PASSES = 22;

/** Adding a chunk's gradient of the head's matrix. */
const CHUNK_PASSES = 3;

/** The embedding's and the head's gradients, made and added to buffers. */
const MATRIX_PASSES = 8;

/** One of clearing, one of the norm, and the 15 elementwise operators of an update. */
const OPTIMISER_PASSES = 36;

/** What no gradient needs the result of, where it is adapted. */
const LAST_MATRIX = "down_proj.lora_B.weight";

/** What a step on so many rows of one size computes and moves. */
export function stepWork(
  config: ModelConfig,
  row: RowSize,
  rows: number,
  { dtype = "float32", lora }: LearningSize = {},
): StepWork {
  const { hiddenSize, intermediateSize, layerCount, vocabSize, headCount } = config;
  const { tokens, predictions, pairs } = row;
  const queries = headCount * config.headSize;
  const keys = config.keyValueHeadCount * config.headSize;
  const weights = layerMatrices(config);
  const products = 2 * tokens * weights;
  const last = 2 * tokens * hiddenSize * intermediateSize;
  const adapters = lora ? adapterNumbers(config, lora) : undefined;
  const added = 2 * tokens * (adapters?.all ?? 0);
  const addedLast = 2 * tokens * (adapters?.last ?? 0);
  const scores = 2 * pairs * queries;
  const logits = 2 * predictions * vocabSize * hiddenSize;
  const layers = rows * layerCount;

  const sizes: Record<keyof typeof PASSES, number> = {
    intermediate: tokens * intermediateSize,
    hidden: tokens * hiddenSize,
    heads: tokens * (queries + keys),
    scores: pairs * headCount,
    weights: adapters?.all ?? weights,
  };
  const layerPasses = (Object.keys(PASSES) as (keyof typeof PASSES)[]).reduce(
    (sum, name) => sum + sizes[name] * (PASSES[name].forward + PASSES[name].training),
    0,
  );
  const chunks = Math.ceil(predictions / HEAD_CHUNK);
  const headPasses = LOGIT_PASSES * predictions * vocabSize +
    (CHUNK_PASSES * chunks + MATRIX_PASSES) * vocabSize * hiddenSize;
  const bytes = NUMBER_BYTES[dtype];
  return {
    forward: layers * (products + added + 2 * scores),
    recompute: layers * (products - last + added - addedLast + scores),
    backward: layers * ((lora ? 1 : 2) * products + 2 * added + 4 * scores),
    head: rows * 4 * logits,
    attention: layers * 7 * scores,
    traffic: bytes * (layers * layerPasses + rows * headPasses),
    optimiserTraffic: bytes * OPTIMISER_PASSES * learningCount(config, lora),
  };
}

/** Numbers of a layer's matrices, whichever the architecture has. */
function layerMatrices(config: ModelConfig): number {
  const shapes = expectedParameters(config);
  return Object.values(graphsOf(config).parameterNames.layer(config, 0))
    .map((name) => shapes.get(name)!)
    .filter(({ length }) => length === 2)
    .reduce((sum, shape) => sum + elementCount(shape), 0);
}

/** Numbers of a layer's adapters: all, and those that are last in the recomputed forward. */
function adapterNumbers(config: ModelConfig, lora: LoraConfig): { all: number; last: number } {
  const shapes = [...adapterShapes({ ...config, layerCount: 1 }, lora)];
  const sum = (of: typeof shapes) =>
    of.reduce((total, [, shape]) => total + elementCount(shape), 0);
  return { all: sum(shapes), last: sum(shapes.filter(([name]) => name.endsWith(LAST_MATRIX))) };
}

/** The sum of the works of several rows that make one step. */
export function addWork(one: StepWork, other: StepWork): StepWork {
  return {
    forward: one.forward + other.forward,
    recompute: one.recompute + other.recompute,
    backward: one.backward + other.backward,
    head: one.head + other.head,
    attention: one.attention + other.attention,
    traffic: one.traffic + other.traffic,
    optimiserTraffic: Math.max(one.optimiserTraffic, other.optimiserTraffic),
  };
}

/** Operations of all products. */
export function operations(work: StepWork): number {
  return OPERATIONS.reduce((sum, part) => sum + work[part], 0);
}
