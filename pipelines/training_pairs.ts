/**
 * Pairs in the order of training, and how many steps they make.
 *
 * @module
 */

import type { Recipe } from "../lib/cli/mod.ts";
import { epochs, type PairRecord, readPairs } from "../lib/data/mod.ts";
import { type Logger, pipeline, type Source, tap } from "../lib/flow/mod.ts";
import { objectiveNamed } from "../lib/objective/mod.ts";

/** What a training run reads. */
export interface TrainingPairs {
  /** The pairs, shuffled, as often as they are needed. */
  source: Source<PairRecord>;
  /** Optimiser steps to train for. */
  steps: number;
  /** Different pairs; missing where they come from a stream that is not awaited. */
  count?: number;
  /** Whether all pairs are known to have the reference log-probs that the recipe's objective takes. */
  scored: boolean;
}

/** Steps whose pairs are held back to be shuffled, where a stream is trained on while it comes. */
const STEPS_HELD_BACK = 8;

/** The pairs of a file or of standard input. */
export async function trainingPairs(
  path: string,
  recipe: Pick<Recipe, "epochs" | "batchSize" | "steps" | "objective">,
  log: Logger,
  signal: AbortSignal,
): Promise<TrainingPairs> {
  const { epochs: times, batchSize, steps } = recipe;
  const { reference } = objectiveNamed(recipe.objective);
  const lacks = ({ turns, referenceHash }: PairRecord) =>
    reference !== "none" &&
    (referenceHash === "" || turns.some((turn) => turn.reference[reference] === undefined));
  const stepsOf = (count: number) => Math.ceil(count * times / batchSize);
  if (path !== "-") {
    let lacking = 0;
    const look = tap((record: PairRecord) => void (lacking += Number(lacks(record))));
    const reading = pipeline({ name: "read", log, source: readPairs(path), stages: [look] });
    const { rows: count } = await reading.run({ signal });
    const enough = steps === undefined ? times : Math.ceil(steps * batchSize / count);
    const source = epochs(readPairs(path), enough);
    return { source, steps: steps ?? stepsOf(count), count, scored: lacking === 0 };
  }
  if (steps !== undefined) {
    const source = epochs(readPairs(path), 1, { buffer: STEPS_HELD_BACK * batchSize });
    return { source, steps, scored: false };
  }
  // The learning rate's course depends on the number of steps: untold, all pairs are awaited.
  const reading = pipeline({ name: "read", log, source: readPairs(path), stages: [] });
  const pairs = await Array.fromAsync(reading.rows({ signal }));
  const count = pairs.length;
  return { source: epochs(pairs, times), steps: stepsOf(count), count, scored: !pairs.some(lacks) };
}
