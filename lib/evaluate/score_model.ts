/**
 * An exam on short and long contexts, and how a model does in it.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { localSampler, localScorer } from "../generate/mod.ts";
import type { ForwardOptions, Model } from "../model/mod.ts";
import type { EvaluationItem } from "./item.ts";
import { nll } from "./nll.ts";
import { recall } from "./recall.ts";
import type { ModelScores, Score } from "./report.ts";
import { textNll } from "./text_nll.ts";

/** The same questions, on pieces and on whole documents. */
export interface Exam {
  /** Questions on pieces that hold the answers. */
  short: readonly EvaluationItem[];
  /** Questions on whole documents. */
  long: readonly EvaluationItem[];
  /** Documents that are read for their own sake: people's text, nothing that a model wrote. */
  texts?: {
    /** Whole. */
    documents: readonly string[];
    /** Tokens of the pieces that are also read each on its own. */
    pieceTokens: number;
  };
}

/** How an exam is held. */
export interface ScoreModelOptions extends ForwardOptions {
  /** Who is examined. */
  model: Model;
  /** What is asked. */
  exam: Exam;
  /** Another RoPE base than the model's own. */
  ropeTheta?: number;
  /** Most tokens of an answer. @default {16} */
  maxTokens?: number;
  /** Stops between two contexts. */
  signal?: AbortSignal;
}

/**
 * Holds an exam: greedy answers and the likelihood of the true ones, on both lengths, and the
 * likelihood of the documents where it has any.
 *
 * @throws {UserError} If nothing is asked.
 */
export async function scoreModel(options: ScoreModelOptions): Promise<ModelScores> {
  const { model, exam, ropeTheta, maxTokens, signal, device, threads } = options;
  if (exam.short.length === 0 || exam.long.length === 0) {
    throw new UserError("There is no question in the exam");
  }
  await using sampler = await localSampler(model, { ropeTheta, device, threads });
  await using scorer = await localScorer(model, { ropeTheta, device, threads });
  const score = async (items: readonly EvaluationItem[]): Promise<Score> => {
    const asked = await recall({ sampler, items, maxTokens, signal });
    const { unended: _, byPosition, ...answered } = asked;
    const isPlaced = items.some(({ position }) => position !== undefined);
    const { nll: unlikelihood } = await nll({ scorer, model, items, signal });
    return { ...answered, ...(isPlaced ? { byPosition } : {}), nll: unlikelihood };
  };
  const scores = { short: await score(exam.short), long: await score(exam.long) };
  if (!exam.texts) return scores;
  const { documents: texts, pieceTokens } = exam.texts;
  return { ...scores, text: await textNll({ scorer, model, texts, pieceTokens, signal }) };
}
