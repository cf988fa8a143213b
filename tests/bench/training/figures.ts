/** What one measured step took and gave; both sides of a comparison print it as JSON. */
export interface Figures {
  /** Wall time of the step. */
  seconds: number;
  /** CPU time of all threads. */
  cpuSeconds: number;
  /** Most memory that the process had resident, from its start on. */
  peakBytes: number;
  /** What was minimised. */
  loss: number;
  /** Its NLL term. */
  nll: number;
  /** Its preference term before the weight. */
  preference: number;
  /** Global norm of the gradients before clipping. */
  gradNorm: number;
  /** Tokens that the step computed. */
  tokens: number;
  /** Operations of the products, where they are counted. */
  gflop?: number;
}

/** The value in the middle, or the mean of the two there. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** The medians of what several runs took; what they gave is that of the first. */
export function medianFigures(runs: readonly Figures[]): Figures {
  const of = (name: "seconds" | "cpuSeconds" | "peakBytes") => median(runs.map((run) => run[name]));
  return {
    ...runs[0],
    seconds: of("seconds"),
    cpuSeconds: of("cpuSeconds"),
    peakBytes: of("peakBytes"),
  };
}
