import type { Nll } from "./nll.ts";
import type { Recall } from "./recall.ts";
import type { TextNll } from "./text_nll.ts";

/** A model on contexts of one length. */
export type Score = Pick<Recall, "recall" | "n" | "standardError"> & Pick<Nll, "nll"> & {
  /** Recall by the part of the context where the answer stands. */
  byPosition?: Recall["byPosition"];
};

/** A model on short and on long contexts. */
export interface ModelScores {
  /** On pieces as long as those the model was made for. */
  short: Score;
  /** On whole documents. */
  long: Score;
  /** How unlikely it finds the documents themselves, where the exam has any. */
  text?: TextNll;
}

/** What a run found: `report.json` of its output folder. */
export interface Report {
  /** The model as it came, with its own RoPE. */
  original: ModelScores;
  /** The policy before training: the same weights under the policy's RoPE. */
  before: ModelScores;
  /** The policy after training. */
  after: ModelScores;
  /** Pairs that were trained on, in the last round. */
  pairs: number;
  /** Records that were left out of that round, and turns of those that were not, by reason. */
  dropped: Record<string, number>;
  /** Steps of training, in the last round. */
  steps: number;
  /** Of the whole run. */
  seconds: number;
  /** Of the whole run: same seed, same numbers. */
  seed: number;
  /** The share of the gap that training closed: see {@linkcode gapClosed}. */
  gapClosed: number;
  /** What the run was told, such as the RoPE theta and the learning rate. */
  settings: Record<string, number | string | boolean | readonly string[] | undefined>;
}

/**
 * The share of the gap that training closed: from the untrained policy on long contexts to the
 * original model on short ones. 1 is all of it, NaN where there was no gap.
 */
export function gapClosed(
  { original, before, after }: Pick<Report, "original" | "before" | "after">,
): number {
  const gap = original.short.recall - before.long.recall;
  return gap > 0 ? (after.long.recall - before.long.recall) / gap : NaN;
}
