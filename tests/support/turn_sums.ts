import type { PackedRow } from "../../lib/model/mod.ts";

/** `[turns]`: log-probs of one side's answers, summed over their tokens in float64. */
export function turnSums(
  { predictions, documentOfTurn }: PackedRow,
  logProbs: ArrayLike<number>,
  side: "chosen" | "rejected",
): number[] {
  const sums: number[] = Array(documentOfTurn.length).fill(0);
  predictions.turn.forEach((turn, at) => {
    const own = predictions.rejected[at] === Number(side === "rejected");
    if (turn >= 0 && own) sums[turn] += logProbs[at];
  });
  return sums;
}
