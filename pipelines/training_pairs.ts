/**
 * Pairs in the order of training, and how many steps they make.
 *
 * @module
 */

import type { Recipe } from "../lib/cli/mod.ts";
import { epochs, type PairRecord, readPairs } from "../lib/data/mod.ts";
import { type Logger, pipeline, type Source } from "../lib/flow/mod.ts";

/** What a training run reads. */
export interface TrainingPairs {
  /** The pairs, shuffled, as often as they are needed. */
  source: Source<PairRecord>;
  /** Optimiser steps to train for. */
  steps: number;
  /** Different pairs; missing where they come from a stream that is not awaited. */
  count?: number;
}

/** Steps whose pairs are held back to be shuffled, where a stream is trained on while it comes. */
const STEPS_HELD_BACK = 8;

/** The pairs of a file or of standard input. */
export async function trainingPairs(
  path: string,
  { epochs: times, batchSize, steps }: Pick<Recipe, "epochs" | "batchSize" | "steps">,
  log: Logger,
  signal: AbortSignal,
): Promise<TrainingPairs> {
  const stepsOf = (count: number) => Math.ceil(count * times / batchSize);
  if (path !== "-") {
    const reading = pipeline({ name: "read", log, source: readPairs(path), stages: [] });
    const { rows: count } = await reading.run({ signal });
    const enough = steps === undefined ? times : Math.ceil(steps * batchSize / count);
    return { source: epochs(readPairs(path), enough), steps: steps ?? stepsOf(count), count };
  }
  if (steps !== undefined) {
    return { source: epochs(readPairs(path), 1, { buffer: STEPS_HELD_BACK * batchSize }), steps };
  }
  // The learning rate's course depends on the number of steps: untold, all pairs are awaited.
  const reading = pipeline({ name: "read", log, source: readPairs(path), stages: [] });
  const pairs = await Array.fromAsync(reading.rows({ signal }));
  return { source: epochs(pairs, times), steps: stepsOf(pairs.length), count: pairs.length };
}
