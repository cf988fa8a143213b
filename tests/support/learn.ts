import type { ModelConfig, PackedRow, Weights } from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { Learner, type LearnerOptions, type RowResult } from "../../lib/train/mod.ts";

/** What rows gave, one after another, and the gradients that they left. */
export interface Learnt {
  results: RowResult[];
  gradients: Map<string, Float32Array<ArrayBuffer>>;
}

/** Accumulates rows with a learner of its own. */
export async function learn(
  model: { config: ModelConfig; parameters: Weights },
  rows: readonly PackedRow[],
  scale: number,
  options: Partial<LearnerOptions> = {},
): Promise<Learnt> {
  const all = { objective: longpo, beta: 0.3, lambda: 0.7, ...options };
  await using learner = await Learner.open(model.config, model.parameters, all);
  const results: RowResult[] = [];
  for (const row of rows) results.push(await learner.accumulate(row, scale));
  return { results, gradients: learner.gradients };
}

/** The sum of something over results. */
export function total(results: readonly RowResult[], of: (result: RowResult) => number): number {
  return results.reduce((sum, result) => sum + of(result), 0);
}
