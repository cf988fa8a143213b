/**
 * What a model is examined on.
 *
 * @module
 */

import { worldExam } from "../examples/world/documents.ts";
import { WORLD_SIZE } from "../examples/world/embedded.ts";
import { type Recipe, watch } from "../lib/cli/mod.ts";
import { type DraftRecord, leftOut, reasonsOf } from "../lib/data/mod.ts";
import { type Exam, selfExam } from "../lib/evaluate/mod.ts";
import { type Logger, pipeline, UserError } from "../lib/flow/mod.ts";
import { openReaders } from "../lib/generate/mod.ts";
import type { ForwardOptions } from "../lib/model/mod.ts";
import { answered, type AnsweredOptions, trainingDocuments } from "./pairing.ts";

/** What an exam on documents is made with. */
export interface ExamOptions extends Omit<AnsweredOptions, "readers" | "sampler">, ForwardOptions {
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
  { model, only, seed, log, deadLetters, device, threads, ...options }: ExamOptions,
  signal: AbortSignal,
): Promise<Exam> {
  const recipe = { ...options.recipe, temperature: 0 };
  await using readers = await openReaders(model, { device, threads, log });
  const drafts: DraftRecord[] = [];
  const report = await pipeline({
    name: "exam",
    seed,
    log,
    deadLetters,
    source: trainingDocuments(path, recipe, seed),
    stages: [answered({ model, readers, recipe, only }), watch({ label: "exam documents" })],
    sink: async (rows: AsyncIterable<DraftRecord>) => {
      for await (const row of rows) drafts.push(row);
    },
  }).run({ signal });
  const exam = selfExam(drafts, recipe);
  if (exam.short.length > 0) {
    const texts = { documents: drafts.map(({ long }) => long), pieceTokens: recipe.shortTokens };
    return { ...exam, texts };
  }
  const reasons = reasonsOf(leftOut(report)) || `${drafts.length} without a usable answer`;
  throw new UserError(`No document of ${path} gave a question for the exam: ${reasons}`, {
    hint: "A document must have more tokens than --short-tokens, and the model must answer",
  });
}
