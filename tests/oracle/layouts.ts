/**
 * Losses, log-probs and all gradients of random layouts, beside PyTorch's.
 *
 *     deno run -A tests/oracle/layouts.ts --python path/to/python [--layouts 200] [--layers 30]
 *         [--first 0] [--seed 1] [--dtype float64]
 *
 * The model has SmolLM2-135M's shape and random weights, which both sides read from the same file.
 * Ours computes packed rows; PyTorch, by transformers' own Llama, each sequence whole and alone. Told
 * is how far the two are apart at most, in units of a tensor's largest number.
 *
 * @module
 */

import { choice, command, main, number, string } from "../../lib/cli/mod.ts";
import {
  loadConfig,
  type ModelConfig,
  packRow,
  type Parameters,
  readParameters,
} from "../../lib/model/mod.ts";
import { objectiveNamed } from "../../lib/objective/mod.ts";
import { Learner, type RowResult } from "../../lib/train/mod.ts";
import { writeRandomModel } from "../bench/training/random_model.ts";
import { temporaryFolder } from "../bench/training/temporary_folder.ts";
import { relativeError } from "../support/golden_cases.ts";
import { type LayoutCase, layoutCases, type LayoutLearnt } from "../support/layout_cases.ts";
import { PythonChild } from "../support/python_child.ts";

const layouts = command({
  name: "layouts",
  summary: "Compares losses and gradients of random layouts with PyTorch's",
  examples: [
    "deno run -A tests/oracle/layouts.ts --python ../oracle/bin/python",
    "deno run -A tests/oracle/layouts.ts --python ../oracle/bin/python --layouts 10 --layers 4",
  ],
  flags: {
    python: string({
      summary: "A Python with torch, transformers and safetensors",
      value: "path",
      default: "python3",
    }),
    layouts: number({ summary: "How many layouts", integer: true, min: 1, default: 200 }),
    first: number({
      summary: "Which of them is the first to be compared",
      integer: true,
      min: 0,
      default: 0,
    }),
    layers: number({ summary: "Layers of the model", integer: true, min: 1, default: 30 }),
    seed: number({ summary: "Seed of the layouts", integer: true, default: 1 }),
    dtype: choice({
      summary: "What PyTorch computes in",
      choices: ["float32", "float64"],
      default: "float32",
    }),
  },
});

/** What PyTorch gives of a layout, and how far our gradients are from its own. */
type PythonAnswer = LayoutLearnt & { apart: Apart };

/** How far sides are apart, by what they are compared in. */
type Apart = Record<string, number>;

/** Opens a learner for each case's objective in turn; at most one is there at a time. */
async function* learners(config: ModelConfig, parameters: Parameters, cases: LayoutCase[]) {
  for (const [{ name, ...numbers }, own] of Map.groupBy(cases, ({ objective }) => objective)) {
    const options = { ...numbers, objective: objectiveNamed(name) };
    await using learner = await Learner.open(config, parameters, options);
    for (const layout of own) yield { ...layout, learner };
  }
}

async function writeGradients(path: string, { gradients }: Learner): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const writer = file.writable.getWriter();
  for (const { buffer, byteOffset, byteLength } of gradients.values()) {
    await writer.write(new Uint8Array(buffer, byteOffset, byteLength));
  }
  await writer.close();
}

/** How far the numbers of one layout are apart; gradients are compared where PyTorch's are. */
function apartOf(ours: RowResult, { apart: gradients, ...theirs }: PythonAnswer): Apart {
  const { chosen, rejected } = ours.logProbs;
  return {
    loss: relativeError([ours.loss], [theirs.loss]),
    nll: relativeError([ours.nll], [theirs.nll]),
    ...(theirs.preference === undefined
      ? {}
      : { preference: relativeError([ours.preference ?? NaN], [theirs.preference]) }),
    "log-probs of chosen answers": relativeError(chosen, theirs.chosen),
    "log-probs of rejected answers": relativeError(rejected, theirs.rejected),
    ...gradients,
  };
}

/** The larger of two, name by name. */
function merge(a: Apart, b: Apart): Apart {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, Math.max(a[name] ?? 0, b[name] ?? 0)]));
}

/** The one that is furthest apart. */
function furthest(apart: Apart): string {
  const [name, by] = Object.entries(apart).reduce((a, b) => b[1] > a[1] ? b : a);
  return `${by.toExponential(2)} (${name})`;
}

await main(layouts, async (flags, { signal, log }) => {
  const { python, layouts: count, first, layers, seed, dtype } = flags;
  await using folder = await temporaryFolder();
  const { path } = folder;
  await writeRandomModel(path, layers);
  const config = await loadConfig(path);
  const parameters = await readParameters(path, config, signal);
  const cases = layoutCases({ seed, count, vocabulary: config.vocabSize }).slice(first);
  await using child = new PythonChild(python, new URL("layouts.py", import.meta.url), [
    path,
    dtype,
  ]);

  let apart: Apart = {};
  let at = first;
  for await (const { documents, objective, learner } of learners(config, parameters, cases)) {
    const row = packRow(documents);
    learner.clear();
    const ours = await learner.accumulate(row, 1 / documents.length, signal);
    const gradients = `${path}/gradients`;
    await writeGradients(gradients, learner);
    const names = [...learner.gradients.keys()];
    const question = { documents, objective, gradients, names };
    const own = apartOf(ours, await child.ask<PythonAnswer>(question, signal));
    apart = merge(apart, own);
    log.info(
      `layout ${at++} of ${count}, ${objective.name} ${objective.aggregation}, ` +
        `${documents.length} documents, ${row.tokens.length} tokens: ${furthest(own)}`,
    );
  }

  const parts = Object.entries(apart).filter(([name]) => !parameters.has(name));
  for (const [name, by] of parts) console.log(`${name}: ${by.toExponential(2)}`);
  const gradients = Object.entries(apart).filter(([name]) => parameters.has(name));
  console.log(`gradients: ${furthest(Object.fromEntries(gradients))}`);
  console.log(`at most, over ${cases.length} layouts and ${layers} layers: ${furthest(apart)}`);
});
