import type { Batch } from "../data/mod.ts";
import { UserError } from "../flow/user_error.ts";
import type { PackedRow } from "../model/mod.ts";
import { PreferenceMeter, type PreferenceMetrics } from "../objective/mod.ts";
import type { AdamW } from "./adamw.ts";
import type { GradientTaker } from "./hand_over.ts";
import type { Learner } from "./learner.ts";

/** What one optimiser step did, under TRL's names. */
export interface StepMetrics extends Partial<PreferenceMetrics> {
  /** The optimiser step, from 1. */
  step: number;
  /** The objective, a mean over documents. */
  loss: number;
  /** The NLL term, a mean per token and document. */
  "lm/loss": number;
  /** The preference term before its weight; absent where the objective has none. */
  "LongPO/loss"?: number;
  /** Global norm of the gradients before clipping. */
  grad_norm: number;
  /** The rate that the update was made with. */
  learning_rate: number;
  /** Tokens of the step's rows; what answers share counts once. */
  num_tokens: number;
  /** Tokens of the longest sequence: a document with a conversation on it. */
  longest_sequence: number;
  /** Documents of the step. */
  documents: number;
  /** Wall time of the step. */
  seconds: number;
}

/** Refuses to learn from a loss that is no number. */
function checkFinite(loss: number, step: number): void {
  if (Number.isFinite(loss)) return;
  throw new UserError(`The loss of step ${step} is ${loss}; the model was left as it was before`, {
    hint: "lower the learning rate, or look at the step's records",
  });
}

/** Tokens of a row's longest sequence. */
function longestSequence({ position }: PackedRow): number {
  return 1 + position.reduce((most, place) => Math.max(most, place), -1);
}

/**
 * One optimiser step: forward and backward of every row, then the update.
 *
 * Where gradients are not clipped, parameters are updated during the last row's backward, each as
 * soon as its gradient is whole, and few gradients are in memory where that row is the only one. The
 * numbers are the same. A step cannot be aborted from then on.
 *
 * @throws {UserError} If the loss or a gradient is not finite.
 * @throws {RangeError} If the batch is empty.
 */
export async function trainStep(
  learner: Learner,
  optimizer: AdamW,
  batch: Batch,
  learningRate: number,
  signal?: AbortSignal,
): Promise<StepMetrics> {
  if (batch.documents === 0) throw new RangeError("Cannot train on a batch of no documents");
  const started = performance.now();
  const meter = new PreferenceMeter(learner.weights.beta);
  const sums = { loss: 0, nll: 0, preference: 0 };
  const updates = optimizer.clips ? undefined : optimizer.begin(learningRate);
  const taker: GradientTaker | undefined = updates && {
    begin: ({ loss }) => checkFinite(sums.loss + loss, optimizer.step + 1),
    take: (gradients) => updates.update(learner.learning, gradients),
  };
  learner.clear();
  for (const row of batch.rows) {
    const isLast = row === batch.rows.at(-1);
    const scale = 1 / batch.documents;
    const result = await learner.accumulate(row, scale, signal, isLast ? taker : undefined);
    sums.loss += result.loss;
    sums.nll += result.nll;
    sums.preference += result.preference ?? 0;
    meter.add(row, result.logProbs);
  }
  checkFinite(sums.loss, optimizer.step + 1);
  const norm = updates
    ? updates.end()
    : await optimizer.update(learner.learning, learner.gradients, learningRate);
  return {
    step: optimizer.step,
    loss: sums.loss,
    "lm/loss": sums.nll,
    ...(learner.objective.usesRejected
      ? { "LongPO/loss": sums.preference, ...meter.metrics() }
      : {}),
    grad_norm: norm,
    learning_rate: learningRate,
    num_tokens: batch.tokens,
    longest_sequence: batch.rows.reduce((most, row) => Math.max(most, longestSequence(row)), 0),
    documents: batch.documents,
    seconds: (performance.now() - started) / 1000,
  };
}
