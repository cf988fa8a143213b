/** A question whose true answer is known. */
export interface EvaluationItem {
  /** What the model reads: a piece of a document, or all of it. */
  context: string;
  /** What it is asked about the context. */
  question: string;
  /** The true answer. */
  answer: string;
  /** Where in the context the answer stands, from 0 (its beginning) to 1 (its end). */
  position?: number;
}

/** The items of each context, contexts in the order of their first item. */
export function groupByContext(items: readonly EvaluationItem[]): EvaluationItem[][] {
  return [...Map.groupBy(items, ({ context }) => context).values()];
}
