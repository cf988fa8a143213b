/**
 * What a training step computes.
 *
 * T tokens, P predictions, R of them of answers, and S pairs of a token and one whose score with it is
 * computed; a model of width H, intermediate width I, L layers, queries Q and keys K wide, vocabulary V.
 * With the products of a layer's matrices M = 2 T H (2 Q + 2 K + 3 I), one product of scores A = 2 S Q,
 * and logits G = 2 V H a prediction, operations are
 *
 * | part | layers | head |
 * | --- | --- | --- |
 * | forward | L (M + 2 A) | R G |
 * | recompute | L (M - 2 T H I + A) | P G |
 * | backward | L (2 M + 4 A) | 2 P G |
 *
 * The recomputed forward leaves out the last matrix, whose result no gradient needs, and what attention
 * gave, which was kept. The head's forward is that of answers alone: other predictions have gradients that
 * are known before their log-probs are. Of scores those of a block's own queries are computed whole,
 * whether they are seen or not, some 64 a token; windows, which some architectures have, are taken for
 * whole rows, and biases for nothing.
 *
 * Where adapters of R numbers a layer learn, a layer's forward has 2 T R more and its backward is
 * L (M + 4 T R + 4 A): the layers' weights get no gradients, and the head's are made all the same. Neither
 * what the first layer saves is counted nor what chunks compute once more of adapters before attention:
 * both are little.
 *
 * What lies between the products, such as norms and exponentials, is not counted but in the rates: they
 * are measured with it. Activations in a file cost no time of their own, as they are written and read
 * while graphs run.
 *
 * @module
 */

import { adapterShapes, elementCount, type LoraConfig, type ModelConfig } from "../../model/mod.ts";
import type { MomentsName } from "../moments/stores.ts";
import { layerShapes, learningCount, type LearningSize } from "./learning_size.ts";
import type { RowSize } from "./row_size.ts";

/** Operations of matrix products by part, and numbers that are updated. */
export interface StepWork {
  /** Layers' forward. */
  forward: number;
  /** Layers' forward once more. */
  recompute: number;
  /** Layers' backward. */
  backward: number;
  /** The head: forward of answers, forward of all, backward. */
  head: number;
  /** Of the layers' operations those of attention, whose products are narrow and slower. */
  attention: number;
  /** Numbers that an update of float32 moments would do in the time; once a step. */
  updates: number;
}

/** The parts of {@linkcode StepWork} that are operations. */
export const OPERATIONS = ["forward", "recompute", "backward", "head"] as const;

/** How long an update takes by how moments are kept, over that of those in memory. */
const UPDATE_COST: Record<MomentsName, number> = { "float32": 1, "8bit": 3.8, "disk": 1.9 };

/** Scores that nobody sees, a token: half of a block's with itself. */
const UNSEEN = 64;

/** What no gradient needs the result of, where it is adapted. */
const LAST_MATRIX = "down_proj.lora_B.weight";

/** What a step on so many rows of one size computes and moves. */
export function stepWork(
  config: ModelConfig,
  row: RowSize,
  rows: number,
  { lora, moments = "float32" }: LearningSize = {},
): StepWork {
  const { hiddenSize, intermediateSize, vocabSize, headCount, headSize } = config;
  const { tokens, predictions, answers, pairs } = row;
  const products = 2 * tokens * layerMatrices(config);
  const last = 2 * tokens * hiddenSize * intermediateSize;
  const adapters = lora ? adapterNumbers(config, lora) : undefined;
  const added = 2 * tokens * (adapters?.all ?? 0);
  const addedLast = 2 * tokens * (adapters?.last ?? 0);
  const scores = 2 * (pairs + UNSEEN * tokens) * headCount * headSize;
  const logits = 2 * vocabSize * hiddenSize;
  const layers = rows * config.layerCount;
  return {
    forward: layers * (products + added + 2 * scores),
    recompute: layers * (products - last + added - addedLast + scores),
    backward: layers * ((lora ? 1 : 2) * products + 2 * added + 4 * scores),
    head: rows * logits * (answers + 3 * predictions),
    attention: layers * 7 * scores,
    updates: UPDATE_COST[moments] * learningCount(config, lora),
  };
}

/** Numbers of a layer's matrices, whichever the architecture has. */
function layerMatrices(config: ModelConfig): number {
  return [...layerShapes(config).values()]
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
    updates: Math.max(one.updates, other.updates),
  };
}

/** Operations of all products. */
export function operations(work: StepWork): number {
  return OPERATIONS.reduce((sum, part) => sum + work[part], 0);
}
