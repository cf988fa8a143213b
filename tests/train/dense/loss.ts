/**
 * LongPO and its relatives, from their equations, over the log-probs of whole sequences.
 *
 * @module
 */

import type { SequencedDocument, TokenSequence } from "../../../lib/model/sequence.ts";
import { beside, columnsOf, sumOf } from "./choose.ts";
import { logSoftmax } from "./by_row.ts";
import { combine } from "./elementwise.ts";
import { Matrix, type Tape } from "./tape.ts";

/** What is minimised. */
export interface DenseObjective {
  name: "longpo" | "dpo" | "sft";
  aggregation: "sum" | "mean" | "logsumexp";
  beta: number;
  lambda: number;
}

/** A document's sequences with the policy's log-prob of every token but the first. */
export interface Scored {
  document: SequencedDocument;
  /** One a sequence, `[tokens - 1, 1]`. */
  logProbs: readonly Matrix[];
}

/** Everything of one document; each is `[1, 1]`. */
export interface DenseParts {
  loss: Matrix;
  nll: Matrix;
  /** Absent where the objective has none. */
  preference?: Matrix;
  /** One a turn. */
  chosen: readonly Matrix[];
  rejected: readonly Matrix[];
}

type Side = TokenSequence["side"];

function total(tape: Tape, parts: readonly Matrix[]): Matrix {
  return combine(tape, [[1, Matrix.of(0)], ...parts.map((part) => [1, part] as const)]);
}

/** Each answer's log-prob, summed over its tokens. */
function turns(tape: Tape, { document, logProbs }: Scored, side: Side): Matrix[] {
  const count = 1 + Math.max(...document.sequences.flatMap(({ turnOf }) => turnOf));
  return Array.from({ length: count }, (_, turn) =>
    total(
      tape,
      document.sequences.flatMap((sequence, at) => {
        if (sequence.side !== side) return [];
        const places = placesWhere(sequence.turnOf, (of) => of === turn);
        return [sumOf(tape, logProbs[at], places)];
      }),
    ));
}

/** Where in a sequence's log-probs the tokens are that have a property; the first token is not. */
function placesWhere<Mark>(marks: readonly Mark[], holds: (mark: Mark) => boolean): number[] {
  return marks.flatMap((mark, at) => at > 0 && holds(mark) ? [at - 1] : []);
}

/** `log(sum(e^x))`, as what softmax takes away from the first. */
function logSumExp(tape: Tape, parts: readonly Matrix[]): Matrix {
  const normalised = logSoftmax(tape, beside(tape, parts));
  return combine(tape, [[1, parts[0]], [-1, columnsOf(tape, normalised, 0, 1)]]);
}

/** `-log(sigmoid(x))`: the cross-entropy of two classes whose scores are `x` and 0. */
function lossOf(tape: Tape, margin: Matrix): Matrix {
  const pair = logSoftmax(tape, beside(tape, [margin, Matrix.of(0)]));
  return combine(tape, [[-1, columnsOf(tape, pair, 0, 1)]]);
}

/** How far the policy has moved from the reference towards chosen: one a sigmoid. */
function margins(
  tape: Tape,
  { referenceChosen, referenceRejected }: SequencedDocument,
  { chosen, rejected }: Pick<DenseParts, "chosen" | "rejected">,
  { aggregation, beta }: DenseObjective,
): Matrix[] {
  const margin = (c: Matrix, r: Matrix, reference: Matrix) =>
    combine(tape, [[beta, c], [-beta, r], [-beta, reference]]);
  if (aggregation === "logsumexp") {
    const known = (of: readonly number[]) => logSumExp(tape, of.map(Matrix.of));
    const moved = combine(tape, [[1, known(referenceChosen)], [-1, known(referenceRejected)]]);
    return [margin(logSumExp(tape, chosen), logSumExp(tape, rejected), moved)];
  }
  const byTurn = chosen.map((own, turn) =>
    margin(own, rejected[turn], Matrix.of(referenceChosen[turn] - referenceRejected[turn]))
  );
  return aggregation === "mean" ? byTurn : [total(tape, byTurn)];
}

/** Tokens that all sequences begin with, up to the first answer of any: they count once. */
function sharedLength(sequences: readonly TokenSequence[]): number {
  const firstAnswer = Math.min(
    ...sequences.map(({ turnOf }) => turnOf.findIndex((turn) => turn >= 0)),
  );
  let length = 0;
  while (
    length < firstAnswer && new Set(sequences.map(({ ids }) => ids[length])).size === 1
  ) length++;
  return length;
}

/** Mean over the distinct tokens that are marked for it: shared ones are counted with the first. */
function negativeLogLikelihood(tape: Tape, { document: { sequences }, logProbs }: Scored): Matrix {
  const shared = sharedLength(sequences);
  const isMarked = (at: number) => sequences.some(({ inNll }) => inNll[at]);
  const places = sequences.map(({ inNll }, index) => {
    const counts = inNll.map((own, at) => at < shared ? index === 0 && isMarked(at) : own);
    return placesWhere(counts, (counts) => counts);
  });
  const sums = places.map((own, index) => sumOf(tape, logProbs[index], own));
  return combine(tape, [[-1 / (places.flat().length || 1), total(tape, sums)]]);
}

/** The loss of one document, and its parts. */
export function denseLoss(tape: Tape, scored: Scored, objective: DenseObjective): DenseParts {
  const chosen = turns(tape, scored, "chosen");
  const rejected = turns(tape, scored, "rejected");
  const nll = negativeLogLikelihood(tape, scored);
  if (objective.name === "sft") return { loss: nll, nll, chosen, rejected };

  const losses = margins(tape, scored.document, { chosen, rejected }, objective)
    .map((margin) => lossOf(tape, margin));
  const preference = combine(tape, [[1 / losses.length, total(tape, losses)]]);
  const loss = objective.name === "dpo"
    ? preference
    : combine(tape, [[objective.lambda, preference], [1, nll]]);
  return { loss, nll, preference, chosen, rejected };
}
