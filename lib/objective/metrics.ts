/**
 * Training metrics under TRL's names.
 *
 * @module
 */

import type { PackedRow } from "../model/mod.ts";

/** Policy log-probs of a row's turns, `[turns]` each. */
export interface TurnLogProbs {
  /** Log-prob of each turn's chosen answer, summed over its tokens, in nats. */
  chosen: Float32Array;
  /** Log-prob of each turn's rejected answer, summed over its tokens, in nats. */
  rejected: Float32Array;
}

/**
 * Preference metrics of a step, averaged over its documents.
 *
 * A document's log-prob is the sum over its turns and answer tokens; a reward is
 * `beta * (policy - reference)`.
 */
export interface PreferenceMetrics {
  /** Reward of the chosen answers. */
  "rewards/chosen": number;
  /** Reward of the rejected answers. */
  "rewards/rejected": number;
  /** Reward of the chosen answers less that of the rejected ones. */
  "rewards/margins": number;
  /** Share of documents whose chosen reward is the larger. */
  "rewards/accuracies": number;
  /** Policy log-prob of the chosen answers, in nats. */
  "logps/chosen": number;
  /** Policy log-prob of the rejected answers, in nats. */
  "logps/rejected": number;
  /** Share of documents whose sigmoid is below 0.01 or above 0.99: they hardly teach any more. */
  "rewards/saturated": number;
}

interface DocumentScores {
  chosen: number;
  rejected: number;
  rewardChosen: number;
  rewardRejected: number;
}

/** Margin in nats beyond which the sigmoid is within 0.01 of its end. */
const SATURATION = Math.log(99);

/** Collects the turns of a step's rows and averages over documents. */
export class PreferenceMeter {
  readonly #documents: DocumentScores[] = [];
  readonly #beta: number;

  /** A meter of one step, whose rewards are scaled by `beta`. */
  constructor(beta: number) {
    this.#beta = beta;
  }

  /** Adds a row's documents. */
  add(row: PackedRow, { chosen, rejected }: TurnLogProbs): void {
    const scores = row.documents.map((): DocumentScores => ({
      chosen: 0,
      rejected: 0,
      rewardChosen: 0,
      rewardRejected: 0,
    }));
    for (const [turn, document] of row.documentOfTurn.entries()) {
      const score = scores[document];
      score.chosen += chosen[turn];
      score.rejected += rejected[turn];
      score.rewardChosen += this.#beta * (chosen[turn] - row.referenceChosen[turn]);
      score.rewardRejected += this.#beta * (rejected[turn] - row.referenceRejected[turn]);
    }
    this.#documents.push(...scores);
  }

  /**
   * The averages.
   *
   * @throws {RangeError} If no document was added: there is nothing to average.
   */
  metrics(): PreferenceMetrics {
    if (this.#documents.length === 0) throw new RangeError("There are no metrics of no documents");
    const mean = (of: (scores: DocumentScores) => number) =>
      this.#documents.reduce((sum, scores) => sum + of(scores), 0) / this.#documents.length;
    const margin = (scores: DocumentScores) => scores.rewardChosen - scores.rewardRejected;
    return {
      "rewards/chosen": mean((scores) => scores.rewardChosen),
      "rewards/rejected": mean((scores) => scores.rewardRejected),
      "rewards/margins": mean(margin),
      "rewards/accuracies": mean((scores) => Number(margin(scores) > 0)),
      "logps/chosen": mean((scores) => scores.chosen),
      "logps/rejected": mean((scores) => scores.rejected),
      "rewards/saturated": mean((scores) => Number(Math.abs(margin(scores)) > SATURATION)),
    };
  }
}
