/** How many of how many, with what chance alone would do to it. */
export interface Share {
  /** From 0 to 1; NaN where nothing was asked. */
  recall: number;
  /** Questions asked. */
  n: number;
  /** Of the share, as of a binomial one. */
  standardError: number;
}

/** The share of true values. */
export function shareOf(hits: readonly boolean[]): Share {
  const n = hits.length;
  const recall = hits.filter(Boolean).length / n;
  return { recall, n, standardError: Math.sqrt(recall * (1 - recall) / n) };
}
