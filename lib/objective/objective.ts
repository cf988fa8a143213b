/**
 * What an objective is: a loss over the log-probs of a row's predictions, as a graph.
 *
 * @module
 */

import type { Graph, Value } from "../onnx/mod.ts";

/** What an objective's graph can read; everything is float32. */
export interface ObjectiveInputs {
  /** Policy log-probs summed over the tokens of each turn's chosen answer, `[turns]`. */
  chosen: Value;
  /** Policy log-probs summed over the tokens of each turn's rejected answer, `[turns]`. */
  rejected: Value;
  /** The reference's log-probs of the chosen answers, `[turns]`. */
  referenceChosen: Value;
  /** The reference's log-probs of the rejected answers, `[turns]`. */
  referenceRejected: Value;
  /** 1 where a turn belongs to a document, `[documents, turns]`. */
  turnsOfDocument: Value;
  /** Negative log-likelihood, averaged over each document's counted tokens: `[]`, their sum. */
  nll: Value;
  /** Strength of the constraint to the reference, `[]`. */
  beta: Value;
  /** Weight of the preference term, `[]`. */
  lambda: Value;
}

/** Names of how turns are aggregated. */
export type Aggregation = "sum" | "mean" | "logsumexp";

/** An objective's parts, each summed over the row's documents. */
export interface ObjectiveParts {
  /** What is minimised, `[]`. */
  loss: Value;
  /** The preference term alone, `[]`; absent where there is none. */
  preference?: Value;
}

/** A loss over pairs. */
export interface Objective {
  /** What `--objective` and the records call it. */
  readonly name: string;
  /** What the reference reads; `none` where there is no reference. */
  readonly reference: "short" | "long" | "none";
  /** Tokens in the NLL term unless a person says otherwise. */
  readonly nll: "all" | "no_template" | "answers" | "none";
  /** Whether rejected answers are computed at all. */
  readonly usesRejected: boolean;
  /** Appends the loss. */
  build(g: Graph, inputs: ObjectiveInputs, aggregation: Aggregation): ObjectiveParts;
}
