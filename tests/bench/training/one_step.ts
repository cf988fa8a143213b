/**
 * One training step in a process of its own; prints its {@linkcode Figures} as a line of JSON.
 *
 *     deno run -A tests/bench/training/one_step.ts --tokens 8192 --answers 256
 *
 * The model is read, the reference's log-probs are computed, a short row warms up the kernels at a
 * learning rate of 0, and one step on the long row is measured. With `--steady` a step on the long row
 * comes in place of the short one: then what is measured finds all of its memory made.
 *
 * @module
 */

import {
  command,
  loraFlag,
  main,
  optimizerOptions,
  parseLora,
  toggle,
} from "../../../lib/cli/mod.ts";
import { loadConfig, parseConfig, randomAdapter, readWeights } from "../../../lib/model/mod.ts";
import { longpo } from "../../../lib/objective/mod.ts";
import { AdamW, Learner, operations, trainStep } from "../../../lib/train/mod.ts";
import { countedWork } from "./counted_work.ts";
import type { Figures } from "./figures.ts";
import { batchOf, type Layout, layoutDocuments, layoutFlags } from "./layout.ts";
import { learnerOptions, stepFlags } from "./step_flags.ts";
import { modelFlags } from "./model_flags.ts";
import { peakMemory } from "./peak_memory.ts";
import { randomWeights } from "./random_model.ts";
import { withShortReference } from "./short_context.ts";
import { smollm2 } from "./smollm2.ts";
import { stopwatch } from "./stopwatch.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { warmUpLayout } from "./warm_up.ts";

const LEARNING_RATE = 1e-6;

const oneStep = command({
  name: "one_step",
  summary: "Measures one training step and prints what it took as a line of JSON",
  examples: ["deno run -A tests/bench/training/one_step.ts --tokens 8192 --answers 256"],
  flags: {
    ...layoutFlags,
    ...stepFlags,
    lora: loraFlag,
    steady: toggle({ summary: "Measures the second of two equal steps" }),
    ...modelFlags,
  },
});

await main(oneStep, async (flags, { signal }) => {
  const { model, layers, threads, dtype } = flags;
  const config = model === undefined ? parseConfig(smollm2(layers)) : await loadConfig(model);
  const parameters = model === undefined
    ? randomWeights(config, dtype)
    : await readWeights(model, config, { dtype, signal });
  const batch = async (layout: Layout) => {
    const documents = layoutDocuments(layout, config.vocabSize);
    const scored = await withShortReference(documents, config, parameters, threads);
    return batchOf(scored, layout.rows);
  };
  const long = await batch(flags);
  const before = flags.steady ? long : await batch(warmUpLayout(flags));

  const { lora } = flags;
  const adapter = lora === undefined ? undefined : randomAdapter(config, parseLora(lora), 1);
  const options = { objective: longpo, adapter, ...learnerOptions(flags) };
  await using learner = await Learner.open(config, parameters, options);
  await using scratch = await temporaryFolder();
  const update = optimizerOptions(flags, scratch.path);
  await using optimizer = await AdamW.open(learner.artifacts, learner.learning, update, {
    threads,
  });
  await trainStep(learner, optimizer, before, 0, signal);

  const elapsed = stopwatch();
  const metrics = await trainStep(learner, optimizer, long, LEARNING_RATE, signal);
  const { wall, cpu } = elapsed();

  const figures: Figures = {
    seconds: wall / 1000,
    cpuSeconds: cpu / 1000,
    peakBytes: peakMemory(),
    loss: metrics.loss,
    nll: metrics["lm/loss"],
    preference: metrics["LongPO/loss"]!,
    gradNorm: metrics.grad_norm,
    tokens: long.tokens,
    gflop: operations(countedWork(config, long.rows, flags.segment)) / 1e9,
  };
  console.log(JSON.stringify(figures));
});
