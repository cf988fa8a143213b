/**
 * An exam without an answer key: does the model say of whole documents what it says of pieces?
 *
 * @module
 */

import {
  type DraftRecord,
  reasonToDrop,
  type TurnDraft,
  type TurnFilterName,
} from "../data/mod.ts";
import type { EvaluationItem } from "./item.ts";
import type { Exam } from "./score_model.ts";

/** Which questions are asked. */
export interface SelfExamOptions {
  /**
   * Which turns are left out, each filter by its name; `identical` leaves none out, as whether the
   * whole document gives the same answer is what is examined.
   * @default {["empty", "repetition", "refusal"]}
   */
  filters?: readonly TurnFilterName[];
  /** Least confidence of the model in the answer that is taken for true. @default {0} */
  minConfidence?: number;
}

/**
 * Questions on documents that were held out; the model's answer from the short context is taken for
 * the true one.
 */
export function selfExam(drafts: readonly DraftRecord[], options: SelfExamOptions = {}): Exam {
  const exam: { short: EvaluationItem[]; long: EvaluationItem[] } = { short: [], long: [] };
  for (const { long, turns } of drafts) {
    for (const turn of turns) {
      if (!isAsked(turn, options)) continue;
      const { short, question, chosen: answer } = turn;
      exam.short.push({ context: short, question, answer });
      exam.long.push({ context: long, question, answer });
    }
  }
  return exam;
}

function isAsked(
  turn: TurnDraft,
  { filters = ["empty", "repetition", "refusal"], minConfidence = 0 }: SelfExamOptions,
): turn is TurnDraft & { question: string; chosen: string } {
  const { short, question, chosen, confidence = 1 } = turn;
  if (question === undefined || chosen === undefined || confidence < minConfidence) return false;
  const answered = { short, question, chosen, rejected: chosen };
  return reasonToDrop(answered, filters.filter((name) => name !== "identical")) === undefined;
}
