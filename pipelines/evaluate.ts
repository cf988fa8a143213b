/**
 * How well a model reads short and long contexts.
 *
 *     deno run -A pipelines/evaluate.ts --model runs/longpo/model
 *
 * @module
 */

import { WORLD_MODEL } from "../examples/world/embedded.ts";
import { chatFlags, chatOptions, command, commonFlags, main, openModel } from "../lib/cli/mod.ts";
import {
  checkOutputFile,
  pairFlags,
  paperRecipe,
  recipeOf,
  string,
  table,
  typedName,
  UsageError,
  withDefaults,
  writeJson,
} from "../lib/cli/mod.ts";
import { scoreModel, textTable } from "../lib/evaluate/mod.ts";
import { findDevice } from "../lib/model/mod.ts";
import { documentsExam, embeddedExam } from "./exam.ts";
import { worldRecipe } from "./world_recipe.ts";

const { longTokens, maxTokens, ropeTheta, ...others } = pairFlags;

/** What any exam depends on. */
const examFlags = { longTokens, maxTokens };

/** What an exam on a person's own documents depends on too: its answers are the likeliest, from pieces. */
const { objective: _, layout: __, temperature: ___, maxPromptTokens: ____, ...ownExamFlags } =
  others;

const evaluate = command({
  name: "evaluate",
  summary: "Asks a model the same questions on short pieces and on whole documents",
  examples: [
    "deno run -A pipelines/evaluate.ts",
    "deno run -A pipelines/evaluate.ts --model runs/longpo/model",
    "deno run -A pipelines/evaluate.ts --model path/to/model --documents books --rope-theta 1e6",
  ],
  flags: {
    model: commonFlags.model,
    ...chatFlags,
    adapter: string({
      summary: "Folder of a LoRA adapter, merged into the model",
      value: "folder",
    }),
    documents: commonFlags.documents,
    out: string({ summary: "JSON file that the scores are written to" }),
    seed: commonFlags.seed,
    ropeTheta: { ...ropeTheta, summary: "Another RoPE base", standard: "the model's own" },
    ...withDefaults(examFlags, { "with the embedded documents": worldRecipe }),
    ...withDefaults(ownExamFlags, {}),
    device: commonFlags.device,
    threads: commonFlags.threads,
  },
});

/** Refuses flags that change nothing where the exam is the embedded one. */
function refuseGiven(flags: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(ownExamFlags).find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  throw new UsageError(`Cannot use --${typedName(given)} without --documents`, {
    hint: "The exam on the embedded documents has its own pieces and questions",
  });
}

await main(evaluate, async (flags, { signal, log }) => {
  const { adapter, documents, seed, threads, out, ropeTheta } = flags;
  if (documents === undefined) refuseGiven(flags);
  const recipe = recipeOf(flags, documents ? paperRecipe : worldRecipe);
  if (out) await checkOutputFile(out);
  const chat = await chatOptions(flags);
  const model = await openModel(flags.model ?? WORLD_MODEL, { ...chat, adapter, signal });
  const place = { device: await findDevice(flags.device), threads };
  const exam = documents === undefined
    ? embeddedExam(recipe, seed)
    : await documentsExam(documents, { model, recipe, seed, log, ...place }, signal);
  const { maxTokens } = recipe;
  const scores = await scoreModel({ model, exam, ropeTheta, maxTokens, signal, ...place });
  const row = (length: "short" | "long") => {
    const { recall, standardError, nll, n } = scores[length];
    return { length, recall, "±": standardError, nll, n };
  };
  console.log(table([row("short"), row("long")]));
  const text = textTable({ NLL: scores });
  if (text) console.log(`\n${text.trimEnd()}`);
  if (out) await writeJson(out, { ...scores, seed });
});
