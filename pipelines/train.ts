/**
 * Trains a model on pairs.
 *
 *     deno run -A pipelines/train.ts --model MODEL --pairs pairs.jsonl --out runs/trained
 *
 * @module
 */

import { WORLD_MODEL, worldRecipe } from "../examples/world/recipe.ts";
import {
  command,
  commonFlags,
  loraOf,
  main,
  openModel,
  paperRecipe,
  string,
  toggle,
} from "../lib/cli/mod.ts";
import { checkRunFolder, modelCard, openRunFolder, profiled, profileFlag } from "../lib/cli/mod.ts";
import { progress, ratesFlag, readRates } from "../lib/cli/mod.ts";
import { type Recipe, recipeOf, trainFlags, UsageError, withDefaults } from "../lib/cli/mod.ts";
import { writeJson } from "../lib/cli/mod.ts";
import { batch, type PairRecord, reference } from "../lib/data/mod.ts";
import { jsonlFile, type Logger, pipeline, type Source, tap } from "../lib/flow/mod.ts";
import { openReaders, type Readers } from "../lib/generate/mod.ts";
import { findDevice, type ForwardOptions, type Model } from "../lib/model/mod.ts";
import { randomAdapter } from "../lib/model/mod.ts";
import { objectiveNamed } from "../lib/objective/mod.ts";
import { type ArtifactFiles, writeArtifacts } from "../lib/onnx/mod.ts";
import { builtFor, type Rates, type StepMetrics, Training } from "../lib/train/mod.ts";
import { artifactsFlag, givenArtifacts, purposeOf } from "./artifacts.ts";
import { saveTrained, type Trained } from "./save_trained.ts";
import { trainingPairs } from "./training_pairs.ts";

/** What training reads, and where it writes. */
export interface TrainOptions extends ForwardOptions {
  /** The pairs in the order of training: see {@linkcode trainingPairs}. */
  source: Source<PairRecord>;
  /** Optimiser steps to train for. */
  steps: number;
  model: Model;
  readers: Readers;
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
  const { source, steps, model, readers: { short, long }, recipe, out, seed, log, signal } =
    options;
  const { learningRate, warmup, weightDecay, batchSize, layout, ropeTheta } = recipe;
  const objective = objectiveNamed(recipe.objective);
  const contexts = objective.reference === "none" ? [] : [objective.reference];
  const lora = loraOf(recipe, model.config);

  await using training = await Training.open({
    ...options,
    ...recipe,
    objective,
    ropeTheta,
    adapter: lora && randomAdapter(model.config, lora, seed),
    schedule: { learningRate, steps, warmup },
    adamW: { weightDecay },
    checkpoint: {
      path: `${out}/checkpoint.safetensors`,
      every: recipe.saveSteps,
      run: {
        seed: `${seed}`,
        objective: objective.name,
        steps: `${steps}`,
        ...(recipe.lora === undefined ? {} : { lora: recipe.lora }),
      },
    },
  });
  if (options.artifacts === undefined) {
    const purpose = purposeOf(model, recipe);
    await writeArtifacts(`${out}/artifacts`, training.learner.artifacts, builtFor(purpose));
  }
  using shown = progress({ label: "steps", total: steps });
  let documents = 0;
  const watchSteps = ({ loss, documents: more }: StepMetrics) => {
    documents += more;
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
        scorer: short.scorer,
        longScorer: long.scorer,
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
        tokensPerRow: recipe.longTokens,
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
  return { policy, adapter, steps: done, documents };
}

const command_ = command({
  name: "train",
  summary: "Trains a model on pairs, with LongPO or one of its relatives",
  examples: [
    "deno run -A pipelines/train.ts --model SmolLM2 --pairs pairs.jsonl --out runs/trained",
    "deno run -A pipelines/train.ts --pairs pairs.jsonl --lora r=16,alpha=32 --learning-rate 1e-4",
    "deno run -A pipelines/pairs.ts | deno run -A pipelines/train.ts --pairs -",
  ],
  flags: {
    model: commonFlags.model,
    pairs: string({ summary: "JSONL file of pairs, - for standard input", required: true }),
    out: string({ summary: "Folder of the result", default: "runs/train" }),
    seed: commonFlags.seed,
    ...withDefaults(trainFlags, { "with the embedded model": worldRecipe }),
    merge: toggle({ summary: "Merges what --lora trained into the model that is written" }),
    artifacts: artifactsFlag,
    overwrite: toggle({ summary: "Replaces another or a finished run in that folder" }),
    device: commonFlags.device,
    threads: commonFlags.threads,
    rates: ratesFlag,
    profile: profileFlag,
  },
});

if (import.meta.main) {
  await main(command_, async (flags, { signal, log, resumeWith }) => {
    const started = performance.now();
    const { out, seed, overwrite, threads } = flags;
    const recipe = recipeOf(flags, flags.model ? paperRecipe : worldRecipe);
    const { merge } = flags;
    if (merge && recipe.lora === undefined) {
      throw new UsageError("Cannot use --merge without --lora: there is no adapter to merge");
    }
    const settings = { ...recipe, model: flags.model, pairs: flags.pairs, seed, merge };
    await checkRunFolder(out, settings, { overwrite });
    const rates = await readRates(flags.rates);
    await using _profile = await profiled(flags.profile, log);
    const model = await openModel(flags.model ?? WORLD_MODEL, { signal });
    const device = await findDevice(flags.device);
    const artifacts = await givenArtifacts(flags.artifacts, model, recipe);
    const { ropeTheta } = recipe;
    await using readers = await openReaders(model, { ropeTheta, device, threads });
    const { count, ...read } = await trainingPairs(flags.pairs, recipe, log, signal);
    await openRunFolder(out, settings, { overwrite });
    resumeWith(`run the same command again: ${out} holds what is done`);
    log.info(`${count === undefined ? "" : `${count} pairs, `}${read.steps} steps`);
    const place = { device, threads, artifacts, rates };
    const options = { ...read, model, readers, recipe, out, seed, log, signal, ...place };
    const trained = await train(options);
    const { steps, documents } = trained;
    const pairs = Math.min(count ?? documents, documents);
    const told = { base: model.name, documents: flags.pairs, recipe, pairs, steps, seed };
    await saveTrained(trained, out, { recipe, card: modelCard(told), start: model, merge });
    const seconds = (performance.now() - started) / 1000;
    await writeJson(`${out}/report.json`, { pairs, steps, seconds, seed, settings });
    log.info(
      `${out}/${trained.adapter && !merge ? "adapter" : "model"}: trained for ${steps} steps`,
    );
  });
}
