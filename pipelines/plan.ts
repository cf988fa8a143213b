/**
 * Says what a training step will take, before anything is loaded.
 *
 *     deno run -A pipelines/plan.ts --model path/to/model --long-tokens 16384 --memory 8
 *
 * @module
 */

import { WORLD_MODEL } from "../examples/world/embedded.ts";
import { bytesText, changeText, choice, command, loraOf, main } from "../lib/cli/mod.ts";
import { memoryTable } from "../lib/cli/mod.ts";
import { number, pairFlags, paperRecipe, ratesFlag, readRates, recipeOf } from "../lib/cli/mod.ts";
import { string, timeText, toggle, trainFlags, withDefaults, workTable } from "../lib/cli/mod.ts";
import { writeJson } from "../lib/cli/mod.ts";
import { UserError } from "../lib/flow/mod.ts";
import { loadConfig, parameterCount } from "../lib/model/mod.ts";
import { objectiveNamed } from "../lib/objective/mod.ts";
import { calibrate, changesToFit, DEFAULT_RATES, leastBytes } from "../lib/train/mod.ts";
import { type PlanOptions, planStep, type StepPlan } from "../lib/train/mod.ts";
import { secondsFor } from "../lib/train/mod.ts";
import { worldRecipe } from "./world_recipe.ts";

const { longTokens, turns, maxTokens, objective, layout } = pairFlags;
const { batchSize, nll, dtype, maxGradNorm, moments, activations, lora } = trainFlags;

const command_ = command({
  name: "plan",
  summary: "Says what memory and time a training step will take, with nothing loaded",
  examples: [
    "deno run -A pipelines/plan.ts",
    "deno run -A pipelines/plan.ts --model path/to/model --long-tokens 16384 --memory 8",
    "deno run -A pipelines/plan.ts --model path/to/model --calibrate --rates rates.json",
  ],
  flags: {
    model: string({ summary: "Model folder with config.json; the embedded model without it" }),
    ...withDefaults({
      longTokens,
      turns,
      maxTokens,
      objective,
      layout,
      nll,
      batchSize,
      dtype,
      maxGradNorm,
      moments,
      activations,
      lora,
    }, { "with the embedded model": worldRecipe }),
    unscored: toggle({
      summary: "For pairs without reference log-probs: the start stays in memory to give them",
    }),
    questionTokens: number({
      summary: "Tokens of a question, with what the chat template writes around it",
      integer: true,
      min: 1,
      default: 32,
    }),
    device: choice({
      summary: "Where graphs would run",
      choices: ["cpu", "webgpu", "cuda"],
      default: "cpu",
    }),
    threads: number({ summary: "Threads to calibrate with; 0 is one a core", default: 0, min: 0 }),
    memory: {
      ...number({ summary: "GiB that the step has to fit in", min: 0 }),
      standard: "what the machine has",
    },
    calibrate: toggle({ summary: "Measures the machine's rates, in a few seconds" }),
    rates: { ...ratesFlag, summary: "The machine's rates: read, or written with --calibrate" },
  },
});

/** Refuses a step that is too large, with what would make it fit. */
function checkFits(plan: StepPlan, options: PlanOptions, limit: number): void {
  if (plan.bytes <= limit) return;
  const changes = changesToFit(options, limit);
  const least = bytesText(leastBytes(options));
  throw new UserError(`The step does not fit in ${bytesText(limit)}`, {
    hint: changes.length > 0
      ? `${changes.length > 1 ? "One of these" : "This"} makes it fit: ` +
        changes.map(changeText).join(", ")
      : `No shorter documents or answers make it fit: with this model alone it takes ${least}. ` +
        "Choose a smaller model, or a machine with more memory",
  });
}

await main(command_, async (flags, { signal, log }) => {
  const { device, threads, questionTokens } = flags;
  const recipe = recipeOf(flags, flags.model ? paperRecipe : worldRecipe);
  const config = await loadConfig(flags.model ?? WORLD_MODEL, { signal });
  const adapters = loraOf(recipe, config);
  const options: PlanOptions = {
    config,
    dtype: recipe.dtype,
    lora: adapters,
    moments: recipe.moments,
    activations: recipe.activations,
    clips: recipe.maxGradNorm > 0,
    keepsStart: flags.unscored,
    device,
    documentTokens: recipe.longTokens,
    questionTokens,
    answerTokens: recipe.maxTokens,
    turns: recipe.turns,
    documents: recipe.batchSize,
    layout: recipe.layout,
    objective: objectiveNamed(recipe.objective),
    ...(recipe.nll && { nll: recipe.nll }),
  };
  const plan = planStep(options);
  const limit = flags.memory === undefined ? Deno.systemMemoryInfo().total : flags.memory * 2 ** 30;

  const measured = flags.calibrate
    ? await calibrate(config, { device, threads, lora: adapters, signal })
    : undefined;
  if (measured && flags.rates) await writeJson(flags.rates, measured);
  const known = measured ?? await readRates(flags.rates);
  const rates = known ?? DEFAULT_RATES[device];
  if (!known) log.info("The time is a guess from usual rates; --calibrate measures this machine's");

  const { row, work } = plan;
  const count = (value: number) => value.toLocaleString("en");
  const transferSeconds = plan.device
    ? secondsFor(work, rates, plan.device.transfer) - secondsFor(work, rates)
    : 0;
  const say = [
    `${count(parameterCount(config))} parameters in ${recipe.dtype} on ${device}; a step: ` +
    `${recipe.batchSize} documents, each a row of ${count(row.tokens)} tokens with ` +
    `${count(row.predictions)} predictions`,
    memoryTable(plan),
    workTable(plan, rates, transferSeconds),
    `${timeText(plan, rates, row.tokens * recipe.batchSize)}\n` +
    `${bytesText(plan.bytes)} of ${bytesText(limit)} memory` +
    (plan.device ? `, and ${bytesText(plan.device.bytes)} on the device (not measured)` : ""),
  ];
  console.log(say.join("\n\n"));
  checkFits(plan, options, limit);
});
