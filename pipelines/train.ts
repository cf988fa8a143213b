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
  number,
  openModel,
  paperRecipe,
  string,
  toggle,
} from "../lib/cli/mod.ts";
import { checkRunFolder, modelCard, openRunFolder, profiled, profileFlag } from "../lib/cli/mod.ts";
import { progress, ratesFlag, readRates } from "../lib/cli/mod.ts";
import { type Recipe, recipeOf, trainFlags, UsageError, withDefaults } from "../lib/cli/mod.ts";
import { writeJson } from "../lib/cli/mod.ts";
import { batch, epochs, type PairRecord, readPairs, reference } from "../lib/data/mod.ts";
import { jsonlFile, type Logger, pipeline, type Source, tap } from "../lib/flow/mod.ts";
import { openReaders, type Readers } from "../lib/generate/mod.ts";
import { findDevice, type ForwardOptions, type Model } from "../lib/model/mod.ts";
import { randomAdapter } from "../lib/model/mod.ts";
import { objectiveNamed } from "../lib/objective/mod.ts";
import { type ArtifactFiles, writeArtifacts } from "../lib/onnx/mod.ts";
import {
  builtFor,
  loadArtifacts,
  type Rates,
  type StepMetrics,
  Training,
} from "../lib/train/mod.ts";
import { saveTrained, type Trained } from "./save_trained.ts";

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
      tap(({ loss }: StepMetrics) => shown.advance(1, `loss ${loss.toFixed(4)}`)),
    ],
    sink: jsonlFile(`${out}/metrics.jsonl`),
  }).run({ signal });
  const { policy, adapter, optimizer } = training;
  return { policy, adapter, steps: optimizer.step };
}

function purposeOf({ config }: Model, recipe: Recipe) {
  const { objective, aggregation } = recipe;
  const lora = loraOf(recipe, config);
  return { config, objective: objectiveNamed(objective), aggregation, lora };
}

/** The graphs of a folder, where one was given; the model must be able to have the recipe's adapters. */
export async function givenArtifacts(
  folder: string | undefined,
  model: Model,
  recipe: Recipe,
): Promise<ArtifactFiles | undefined> {
  const purpose = purposeOf(model, recipe);
  return folder === undefined ? undefined : await loadArtifacts(folder, purpose);
}

/** The pairs of a file or of standard input, shuffled, and how many steps they make. */
export async function trainingPairs(
  path: string,
  { epochs: times, batchSize, steps }: Recipe,
  log: Logger,
  signal: AbortSignal,
): Promise<{ source: Source<PairRecord>; count: number; steps: number }> {
  const read = pipeline({ name: "read", log, source: readPairs(path), stages: [] });
  if (path !== "-") {
    const { rows: count } = await read.run({ signal });
    const enough = steps === undefined ? times : Math.ceil(steps * batchSize / count);
    const source = epochs(readPairs(path), enough);
    return { source, count, steps: steps ?? Math.ceil(count * times / batchSize) };
  }
  // The learning rate's course depends on the number of steps: without it all pairs are awaited.
  if (steps !== undefined) return { source: epochs(read, 1), count: steps * batchSize, steps };
  const pairs = await Array.fromAsync(read.rows({ signal }));
  const source = epochs(pairs, times);
  return { source, count: pairs.length, steps: Math.ceil(pairs.length * times / batchSize) };
}

/** The flag of graphs that are not to be built. */
export const artifactsFlag = string({
  summary: "Folder of training artifacts that an earlier run wrote; built anew without it",
  value: "folder",
});

const command_ = command({
  name: "train",
  summary: "Trains a model on pairs, with LongPO or one of its relatives",
  examples: [
    "deno run -A pipelines/train.ts --model SmolLM2 --pairs pairs.jsonl --out runs/trained",
    "deno run -A pipelines/train.ts --pairs pairs.jsonl --lora r=16,alpha=32 --learning-rate 1e-4",
    "deno run -A pipelines/pairs.ts | deno run -A pipelines/train.ts --pairs -",
  ],
  flags: {
    model: string({ summary: "Folder, .gguf file or hub name; the embedded model without it" }),
    pairs: string({ summary: "JSONL file of pairs, - for standard input", required: true }),
    out: string({ summary: "Folder of the result", default: "runs/train" }),
    seed: commonFlags.seed,
    ...withDefaults(trainFlags, { "with the embedded model": worldRecipe }),
    merge: toggle({ summary: "Merges what --lora trained into the model that is written" }),
    artifacts: artifactsFlag,
    overwrite: toggle({ summary: "Replaces another or a finished run in that folder" }),
    device: commonFlags.device,
    threads: number({ summary: "Threads of one operator; 0 is one a core", default: 0, min: 0 }),
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
    log.info(`${count} pairs, ${read.steps} steps`);
    const place = { device, threads, artifacts, rates };
    const options = { ...read, model, readers, recipe, out, seed, log, signal, ...place };
    const trained = await train(options);
    const { steps } = trained;
    const told = { base: model.name, documents: flags.pairs, recipe, pairs: count, steps, seed };
    await saveTrained(trained, out, { recipe, card: modelCard(told), start: model, merge });
    const seconds = (performance.now() - started) / 1000;
    await writeJson(`${out}/report.json`, { pairs: count, steps, seconds, seed, settings });
    log.info(
      `${out}/${trained.adapter && !merge ? "adapter" : "model"}: trained for ${steps} steps`,
    );
  });
}
