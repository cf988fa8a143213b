/**
 * From pairs to a trained model, stage by stage.
 *
 * @module
 */

import { activationsOptions, loraOf, optimizerOptions } from "../lib/cli/mod.ts";
import { progress, type Recipe } from "../lib/cli/mod.ts";
import { batch, type PairRecord, reference } from "../lib/data/mod.ts";
import { jsonlFile, type Logger, pipeline, type Source, tap } from "../lib/flow/mod.ts";
import { openScorers } from "../lib/generate/mod.ts";
import { type ForwardOptions, type Model, randomAdapter } from "../lib/model/mod.ts";
import { objectiveNamed } from "../lib/objective/mod.ts";
import { type ArtifactFiles, writeArtifacts } from "../lib/onnx/mod.ts";
import { builtFor, type Rates, type StepMetrics, Training } from "../lib/train/mod.ts";
import { purposeOf } from "./artifacts.ts";
import type { Trained } from "./save_trained.ts";

/** What training reads, and where it writes. */
export interface TrainOptions extends ForwardOptions {
  /** The pairs in the order of training: see {@linkcode trainingPairs}. */
  source: Source<PairRecord>;
  /** Optimiser steps to train for. */
  steps: number;
  /** Where all pairs have their reference log-probs already: the start is needed no more. */
  scored: boolean;
  /** The start. Its weights become the policy's where `scored` says so. */
  model: Model;
  recipe: Recipe;
  /** Graphs that were read from a folder; built and written to the result where there are none. */
  artifacts?: ArtifactFiles;
  /** The machine's rates, to compare the time of steps with what was to be expected. */
  rates?: Rates;
  out: string;
  seed: number;
  log: Logger;
  signal: AbortSignal;
}

/** How long a run that is stopped waits for the step in hand and its checkpoint: Ctrl-C again ends it. */
const GRACE = 600_000;

/** Pairs in, a trained policy and its metrics out. */
export async function train(options: TrainOptions): Promise<Trained> {
  const { source, steps, scored, model, recipe, out, seed, log, signal } = options;
  const { learningRate, warmup, weightDecay, batchSize, layout, ropeTheta } = recipe;
  const objective = objectiveNamed(recipe.objective);
  const contexts = objective.reference === "none" ? [] : [objective.reference];
  const lora = loraOf(recipe, model.config);

  const { device, threads } = options;
  await using scorers = await openScorers(model, { ropeTheta, device, threads });
  // What is read below says whose log-probs are in the pairs; what scores anew needs the start.
  if (scored) await scorers[Symbol.asyncDispose]();

  await using training = await Training.open({
    ...options,
    ...recipe,
    ...activationsOptions(recipe, out),
    objective,
    ropeTheta,
    takeOver: scored,
    adapter: lora && randomAdapter(model.config, lora, seed),
    schedule: { learningRate, steps, warmup },
    adamW: { weightDecay, seed, ...optimizerOptions(recipe, out) },
    checkpoint: {
      path: `${out}/checkpoint.safetensors`,
      every: recipe.saveSteps,
      run: {
        seed: `${seed}`,
        objective: objective.name,
        steps: `${steps}`,
        ...(recipe.lora === undefined ? {} : { lora: recipe.lora }),
        ...(recipe.dtype === "float32" ? {} : { dtype: recipe.dtype }),
      },
    },
  });
  if (options.artifacts === undefined) {
    const purpose = purposeOf(model, recipe);
    await writeArtifacts(`${out}/artifacts`, training.learner.artifacts, builtFor(purpose));
  }
  using shown = progress({ label: "steps", total: steps, before: training.done.length });
  let [documents, longest] = [0, 0];
  const watchSteps = ({ loss, documents: more, longest_sequence }: StepMetrics) => {
    documents += more;
    longest = Math.max(longest, longest_sequence);
    shown.advance(1, `loss ${loss.toFixed(4)}`);
  };

  await pipeline({
    name: "train",
    seed,
    log,
    grace: GRACE,
    source,
    stages: [
      reference({
        scorer: scorers.short,
        longScorer: scorers.long,
        model,
        contexts,
        layout,
        foreign: "refuse",
      }),
      batch({
        model,
        layout,
        nll: recipe.nll ?? objective.nll,
        reference: objective.reference,
        chosenOnly: !objective.usesRejected,
        tokensPerRow: recipe.rowTokens ?? recipe.longTokens,
        documentsPerBatch: batchSize,
        oversize: "own row",
      }),
      training.optimise(),
      tap(watchSteps),
    ],
    sink: jsonlFile(`${out}/metrics.jsonl`),
  }).run({ signal });
  const { policy, adapter, optimizer: { step: done } } = training;
  if (done < steps) log.warn(`There were pairs for ${done} of ${steps} steps only`);
  return { policy, adapter, steps: done, documents, longest };
}
