/**
 * Trains a model on pairs.
 *
 *     deno run -A pipelines/train.ts --model MODEL --pairs pairs.jsonl --out runs/trained
 *
 * @module
 */

import { WORLD_MODEL } from "../examples/world/embedded.ts";
import { asComputed, checkRunFolder, command, commonFlags, inGroup, main } from "../lib/cli/mod.ts";
import { chatFlags, chatOptions, commandLine, headings, modelCard } from "../lib/cli/mod.ts";
import { openModel, openRunFolder, paperRecipe, profiled, profileFlags } from "../lib/cli/mod.ts";
import { ratesFlag, readRates, recipeOf, string, toggle, trainFlags } from "../lib/cli/mod.ts";
import { trainingNumbers, UsageError, withDefaults, writeJson } from "../lib/cli/mod.ts";
import { findDevice } from "../lib/model/mod.ts";
import { artifactsFlag, givenArtifacts } from "./artifacts.ts";
import { saveTrained } from "./save_trained.ts";
import { train } from "./training.ts";
import { trainingPairs } from "./training_pairs.ts";
import { worldRecipe } from "./world_recipe.ts";

const learning = command({
  name: "train",
  summary: "Trains a model on pairs, with LongPO or one of its relatives",
  examples: [
    "deno run -A pipelines/train.ts --model path/to/model --pairs pairs.jsonl --out runs/trained",
    "deno run -A pipelines/train.ts --pairs pairs.jsonl --lora r=16,alpha=32 --learning-rate 1e-4",
    "deno run -A pipelines/pairs.ts | deno run -A pipelines/train.ts --pairs -",
  ],
  flags: {
    model: commonFlags.model,
    ...chatFlags,
    pairs: string({ summary: "JSONL file of pairs, - for standard input", required: true }),
    out: string({ summary: "Folder of the result", default: "runs/train" }),
    seed: commonFlags.seed,
    ...inGroup(headings.training, {
      ...withDefaults(trainFlags, { "with the embedded model": worldRecipe }),
      rowTokens: {
        ...trainFlags.rowTokens,
        standard: `${paperRecipe.longTokens}; ${worldRecipe.longTokens} with the embedded model`,
      },
    }),
    merge: toggle({ summary: "Merges what --lora trained into the model that is written" }),
    artifacts: artifactsFlag,
    overwrite: toggle({ summary: "Replaces another or a finished run in that folder" }),
    device: commonFlags.device,
    threads: commonFlags.threads,
    ...inGroup(headings.watching, { rates: ratesFlag, ...profileFlags }),
  },
});

await main(learning, async (flags, { signal, log, resumeWith }) => {
  const started = performance.now();
  const { out, seed, overwrite, threads } = flags;
  const recipe = recipeOf(flags, flags.model ? paperRecipe : worldRecipe);
  const { merge } = flags;
  if (merge && recipe.lora === undefined) {
    throw new UsageError("Cannot use --merge without --lora: there is no adapter to merge");
  }
  const { chatTemplate, systemPrompt, chatTemplateKwargs } = flags;
  const template = { chatTemplate, systemPrompt, chatTemplateKwargs };
  const told = { model: flags.model, pairs: flags.pairs, ...template, seed, merge };
  const { rowTokens = recipe.longTokens } = recipe;
  const numbers = { ...trainingNumbers(recipe), rowTokens };
  const settings = { ...numbers, ...told };
  const run = { ...trainingNumbers(asComputed(recipe)), rowTokens, ...told };
  await checkRunFolder(out, run, { overwrite });
  const rates = await readRates(flags.rates);
  await using _profile = await profiled(flags, log);
  const chat = await chatOptions(flags);
  const { dtype } = recipe;
  const model = await openModel(flags.model ?? WORLD_MODEL, { ...chat, dtype, signal });
  const device = await findDevice(flags.device);
  const artifacts = await givenArtifacts(flags.artifacts, model, recipe);
  const { count, ...read } = await trainingPairs(flags.pairs, recipe, log, signal);
  await openRunFolder(out, run, { overwrite });
  resumeWith(`run the same command again: ${out} holds what is done`);
  log.info(`${count === undefined ? "" : `${count} pairs, `}${read.steps} steps`);
  const place = { device, threads, artifacts, rates };
  const options = { ...read, model, recipe, out, seed, log, signal, ...place };
  const trained = await train(options);
  const { steps, documents } = trained;
  const pairs = Math.min(count ?? documents, documents);
  const card = modelCard({
    base: model.name,
    documents: flags.pairs,
    recipe: numbers,
    pairs,
    steps,
    seed,
    command: commandLine("train"),
  });
  const length = trained.longest;
  await saveTrained(trained, out, { length, card, start: model, merge, ...chat });
  const seconds = (performance.now() - started) / 1000;
  await writeJson(`${out}/report.json`, { pairs, steps, seconds, seed, settings });
  log.info(
    `${out}/${trained.adapter && !merge ? "adapter" : "model"}: trained for ${steps} steps`,
  );
});
