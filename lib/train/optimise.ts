/**
 * The optimise stage: batches in, metrics out, the model learning in between.
 *
 * @module
 */

import type { Batch } from "../data/mod.ts";
import type { Stage } from "../flow/mod.ts";
import type { AdamW } from "./adamw.ts";
import { saveCheckpoint } from "./checkpoint.ts";
import type { Learner } from "./learner.ts";
import type { PlanCheck } from "./plan/plan_check.ts";
import { learningRateAt, type Schedule } from "./schedule.ts";
import { type StepMetrics, trainStep } from "./train_step.ts";

/** What the stage trains, and how. */
export interface OptimiseOptions {
  /** Parameters and their gradients. */
  learner: Learner;
  /** Turns gradients into updates. */
  optimizer: AdamW;
  /** The learning rate of each step, and how many there are. */
  schedule: Schedule;
  /** The optimiser's step count when the source begins. @default {0} */
  firstStep?: number;
  /** Metrics of the steps that the optimiser has done already; they are yielded first. @default {[]} */
  done?: readonly StepMetrics[];
  /** Compares memory and time with what was to be expected, and tells at the end. */
  check?: PlanCheck;
  /** Where to keep checkpoints; none are written without it. */
  checkpoint?: {
    /** The file, which each checkpoint replaces. */
    path: string;
    /** Optimiser steps between two checkpoints. */
    every: number;
    /** What the run was started with; see {@linkcode saveCheckpoint}. */
    run: Record<string, string>;
  };
}

/**
 * Trains on each batch and yields the step's metrics.
 *
 * The stage ends after `schedule.steps` steps, whatever is left of the source. Where the optimiser
 * has gone beyond `firstStep` already (a checkpoint was loaded), as many batches are passed over, so
 * that a resumed run sees what the uninterrupted one would have seen. However the stage ends, a
 * checkpoint of its last whole step is written first, unless a step ended in the midst of its update.
 *
 * @throws {UserError} If the loss is not finite; parameters are those before that step.
 */
export function optimise(options: OptimiseOptions): Stage<Batch, StepMetrics> {
  const { learner, optimizer, schedule, firstStep = 0, check, checkpoint } = options;
  const done = () => optimizer.step - firstStep;
  return async function* optimise(source, { signal, log, meter }) {
    const told = [...options.done ?? []];
    yield* options.done ?? [];
    let pass = done();
    let saved = optimizer.step;
    const save = async () => {
      // Of a step that ended half-way nothing can be kept.
      if (!checkpoint || optimizer.step === saved || optimizer.isTorn) return;
      const { path, run } = checkpoint;
      await saveCheckpoint(path, learner.learning, optimizer, run, told);
      saved = optimizer.step;
    };
    if (done() >= schedule.steps) return;
    try {
      for await (const batch of source) {
        if (pass > 0) {
          pass--;
          continue;
        }
        const rate = learningRateAt(schedule, done());
        const metrics = await trainStep(learner, optimizer, batch, rate, signal);
        told.push(metrics);
        check?.step(batch, metrics.seconds);
        meter.count("tokens", batch.tokens);
        if (checkpoint && optimizer.step % checkpoint.every === 0) await save();
        yield metrics;
        if (done() >= schedule.steps) return;
      }
    } finally {
      await save();
      check?.tell(log);
    }
  };
}
