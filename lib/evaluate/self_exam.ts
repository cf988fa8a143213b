/**
 * An exam without an answer key: does the model say of whole documents what it says of pieces?
 *
 * @module
 */

import type { PairRecord } from "../data/mod.ts";
import type { Exam } from "./score_model.ts";

/**
 * Questions of pairs made on documents that were held out; the answer from the short context is
 * taken for the true one.
 */
export function selfExam(pairs: readonly PairRecord[]): Exam {
  const items = (context: (pair: PairRecord, turn: PairRecord["turns"][number]) => string) =>
    pairs.flatMap((pair) =>
      pair.turns.map((turn) => ({
        context: context(pair, turn),
        question: turn.question,
        answer: turn.chosen,
      }))
    );
  return { short: items((_, { short }) => short), long: items(({ long }) => long) };
}
