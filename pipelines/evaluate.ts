/**
 * How well a model reads short and long contexts.
 *
 *     deno run -A pipelines/evaluate.ts --model runs/longpo/model
 *
 * @module
 */

import { worldExam } from "../examples/world/documents.ts";
import { WORLD_MODEL, WORLD_SIZE, worldRecipe } from "../examples/world/recipe.ts";
import {
  command,
  commonFlags,
  main,
  number,
  openModel,
  pairFlags,
  paperRecipe,
} from "../lib/cli/mod.ts";
import { type Recipe, recipeOf, string, table, watch } from "../lib/cli/mod.ts";
import { withDefaults, writeJson } from "../lib/cli/mod.ts";
import { type DraftRecord, leftOut, reasonsOf } from "../lib/data/mod.ts";
import { type Exam, scoreModel, selfExam } from "../lib/evaluate/mod.ts";
import { type Logger, pipeline, UserError } from "../lib/flow/mod.ts";
import { openReaders } from "../lib/generate/mod.ts";
import { findDevice } from "../lib/model/mod.ts";
import { answered, type AnsweredOptions, trainingDocuments } from "./pairs.ts";

/** What an exam on documents is made with. */
export interface ExamOptions extends AnsweredOptions {
  seed: number;
  log: Logger;
  deadLetters?: string;
}

/** The exam of a made-up world, whose truth is known. */
export function embeddedExam({ longTokens }: Recipe, seed: number): Exam {
  const { exam: count, questions } = WORLD_SIZE;
  return worldExam({ count, questions, tokens: longTokens, seed });
}

/** The exam on a person's own documents: the model's answers from pieces are taken for true. */
export async function documentsExam(
  path: string,
  { seed, log, deadLetters, ...options }: ExamOptions,
  signal: AbortSignal,
): Promise<Exam> {
  const recipe = { ...options.recipe, temperature: 0 };
  const drafts: DraftRecord[] = [];
  const report = await pipeline({
    name: "exam",
    seed,
    log,
    deadLetters,
    source: trainingDocuments(path, recipe, seed),
    stages: [answered({ ...options, recipe }), watch({ label: "exam documents" })],
    sink: async (rows: AsyncIterable<DraftRecord>) => {
      for await (const row of rows) drafts.push(row);
    },
  }).run({ signal });
  const exam = selfExam(drafts, recipe);
  if (exam.short.length > 0) return exam;
  const reasons = reasonsOf(leftOut(report)) || `${drafts.length} without a usable answer`;
  throw new UserError(`No document of ${path} gave a question for the exam: ${reasons}`, {
    hint: "A document must have more tokens than --short-tokens, and the model must answer",
  });
}

/** What an exam depends on; the other flags are of pairs alone. */
const { objective: _, layout: __, ...examFlags } = pairFlags;

const command_ = command({
  name: "evaluate",
  summary: "Asks a model the same questions on short pieces and on whole documents",
  examples: [
    "deno run -A pipelines/evaluate.ts",
    "deno run -A pipelines/evaluate.ts --model runs/longpo/model",
    "deno run -A pipelines/evaluate.ts --model SmolLM2 --documents books --rope-theta 1e6",
  ],
  flags: {
    model: string({ summary: "Folder, .gguf file or hub name; the embedded model without it" }),
    adapter: string({
      summary: "Folder of a LoRA adapter, merged into the model",
      value: "folder",
    }),
    documents: string({ summary: "File or folder of documents; the embedded ones without it" }),
    out: string({ summary: "JSON file that the scores are written to" }),
    seed: commonFlags.seed,
    ...withDefaults(examFlags, { "with the embedded documents": worldRecipe }),
    device: commonFlags.device,
    threads: number({ summary: "Threads of one operator; 0 is one a core", default: 0, min: 0 }),
  },
});

if (import.meta.main) {
  await main(command_, async (flags, { signal, log }) => {
    const { adapter, documents, seed, threads, out, ropeTheta } = flags;
    const recipe = recipeOf(flags, documents ? paperRecipe : worldRecipe);
    const model = await openModel(flags.model ?? WORLD_MODEL, { adapter, signal });
    const device = await findDevice(flags.device);
    await using readers = await openReaders(model, { ropeTheta, device, threads, log });
    const exam = documents === undefined
      ? embeddedExam(recipe, seed)
      : await documentsExam(documents, { model, readers, recipe, seed, log }, signal);
    const { maxTokens } = recipe;
    const scores = await scoreModel({ model, exam, ropeTheta, maxTokens, device, threads, signal });
    const row = (length: "short" | "long") => {
      const { recall, standardError, nll, n } = scores[length];
      return { length, recall, "±": standardError, nll, n };
    };
    console.log(table([row("short"), row("long")]));
    if (out) await writeJson(out, { ...scores, seed });
  });
}
