/**
 * Preference pairs out of documents: the model writes the questions and both answers.
 *
 *     deno run -A pipelines/pairs.ts --model MODEL --documents DOCUMENTS > pairs.jsonl
 *
 * @module
 */

import { WORLD_MODEL } from "../examples/world/embedded.ts";
import { chatFlags, chatOptions, command, commonFlags, dtypeFlag, main } from "../lib/cli/mod.ts";
import { openModel, pairFlags, paperRecipe, recipeOf, samplerFlags } from "../lib/cli/mod.ts";
import { headings, inGroup, samplerOf, string, withDefaults } from "../lib/cli/mod.ts";
import { leftOut } from "../lib/data/mod.ts";
import { jsonlStdout } from "../lib/flow/mod.ts";
import { openReaders } from "../lib/generate/mod.ts";
import { findDevice } from "../lib/model/mod.ts";
import { makePairs, noPairs, runPairs } from "./make_pairs.ts";
import { trainingDocuments } from "./pairing.ts";
import { warnOfStrangeDocuments, worldRecipe } from "./world_recipe.ts";

/** Pairs that are trained on with `--dtype` need the log-probs of weights that are rounded so. */
const roundingFlag = {
  ...dtypeFlag,
  summary: "What the weights are rounded to before they are read as float32: train.ts's --dtype",
};

const making = command({
  name: "pairs",
  summary: "Writes preference pairs out of documents, with the model's own questions and answers",
  examples: [
    "deno run -A pipelines/pairs.ts | head -3",
    "deno run -A pipelines/pairs.ts --model path/to/model --documents books --out pairs.jsonl",
    "deno run -A pipelines/pairs.ts | deno run -A pipelines/train.ts --pairs -",
    "deno run -A pipelines/pairs.ts --model path/to/model --documents books " +
    "--sampler http://127.0.0.1:8000/v1 --sampler-model Qwen/Qwen2.5-0.5B-Instruct",
  ],
  flags: {
    model: commonFlags.model,
    ...chatFlags,
    documents: string({
      summary: "File or folder of documents, - for JSONL on standard input; the embedded ones " +
        "without it",
    }),
    out: string({ summary: "File that the pairs are written to; standard output without it" }),
    deadLetters: string({ summary: "File that dropped records are added to", value: "path" }),
    seed: commonFlags.seed,
    ...inGroup(
      headings.pairs,
      withDefaults({ ...pairFlags, dtype: roundingFlag }, {
        "with the embedded model": worldRecipe,
      }),
    ),
    ...inGroup(headings.sampler, samplerFlags),
    device: commonFlags.device,
    threads: commonFlags.threads,
  },
});

await main(making, async (flags, { signal, log, resumeWith }) => {
  const recipe = recipeOf(flags, flags.model ? paperRecipe : worldRecipe);
  warnOfStrangeDocuments(flags, log);
  const chat = await chatOptions(flags);
  const { dtype } = recipe;
  const model = await openModel(flags.model ?? WORLD_MODEL, { ...chat, dtype, signal });
  const sampler = samplerOf({ ...flags, chat }, model, log);
  const { seed, threads, deadLetters, out } = flags;
  const device = await findDevice(flags.device);
  const { ropeTheta } = recipe;
  await using readers = await openReaders(model, { ropeTheta, device, threads, log });
  const source = trainingDocuments(flags.documents, recipe, seed);
  const options = { source, model, readers, sampler, recipe, seed, log, deadLetters };
  if (out === undefined) {
    const report = await runPairs({ ...options, sink: jsonlStdout() }, signal);
    if (report.rows === 0) throw noPairs(leftOut(report));
  } else {
    resumeWith(`run the same command again: pairs that are done are kept in ${out}.part`);
    await makePairs(out, options, signal);
  }
});
