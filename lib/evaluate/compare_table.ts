import { aligned } from "./aligned.ts";
import type { ModelScores, Score } from "./report.ts";

/** How many questions scores are of, in words. */
export function questionsOf({ short: { n } }: ModelScores): string {
  return `${n} ${n === 1 ? "question" : "questions"}`;
}

function recallCell({ recall, standardError }: Score): string {
  return `${recall.toFixed(3)} ±${standardError.toFixed(3)}`;
}

function rowOf(name: string, { short, long }: ModelScores): string[] {
  return [
    name,
    recallCell(short),
    recallCell(long),
    short.nll.toFixed(3),
    long.nll.toFixed(3),
  ];
}

/**
 * Sets the model as it came, the untrained and the trained policy side by side, as plain text;
 * behind ± stands the standard error.
 */
export function compareTable(
  original: ModelScores,
  before: ModelScores,
  after: ModelScores,
): string {
  return aligned([
    [questionsOf(original), "short recall", "long recall", "short NLL", "long NLL"],
    rowOf("original", original),
    rowOf("before", before),
    rowOf("after", after),
  ]);
}
