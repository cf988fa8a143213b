import { aligned } from "./aligned.ts";
import type { ModelScores, Score } from "./report.ts";

const HEADER = ["", "short recall", "long recall", "short NLL", "long NLL"] as const;

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
    [...HEADER],
    rowOf("original", original),
    rowOf("before", before),
    rowOf("after", after),
  ]);
}
