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
 * gave, which was kept. Only pairs that are seen count.
 *
 * What lies between the products moves memory: each pass over an array is a read or a write. Passes
 * are those of the graphs' elementwise operators; see the numbers below.
 *
 * @module
 */

import { HEAD_CHUNK, type ModelConfig, parameterCount } from "../../model/mod.ts";
import { NUMBER_BYTES, type PlanDtype } from "./memory.ts";
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

/** What a step on so many rows of one size computes and moves. */
export function stepWork(
  config: ModelConfig,
  row: RowSize,
  rows: number,
  dtype: PlanDtype = "float32",
): StepWork {
  const { hiddenSize, intermediateSize, layerCount, vocabSize, headCount } = config;
  const { tokens, predictions, pairs } = row;
  const queries = headCount * config.headSize;
  const keys = config.keyValueHeadCount * config.headSize;
  const weights = hiddenSize * (2 * queries + 2 * keys + 3 * intermediateSize);
  const products = 2 * tokens * weights;
  const last = 2 * tokens * hiddenSize * intermediateSize;
  const scores = 2 * pairs * queries;
  const logits = 2 * predictions * vocabSize * hiddenSize;
  const layers = rows * layerCount;

  const sizes: Record<keyof typeof PASSES, number> = {
    intermediate: tokens * intermediateSize,
    hidden: tokens * hiddenSize,
    heads: tokens * (queries + keys),
    scores: pairs * headCount,
    weights,
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
    forward: layers * (products + 2 * scores),
    recompute: layers * (products - last + scores),
    backward: layers * (2 * products + 4 * scores),
    head: rows * 4 * logits,
    attention: layers * 7 * scores,
    traffic: bytes * (layers * layerPasses + rows * headPasses),
    optimiserTraffic: bytes * OPTIMISER_PASSES * parameterCount(config),
  };
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
