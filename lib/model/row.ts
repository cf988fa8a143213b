/**
 * Rows of tokens: several documents, each a trunk with branches, in one sequence without padding.
 *
 * The beginning that a document's sequences share is its trunk and is there once; what differs
 * follows as one branch a sequence. Three integers a token (document, branch, position) say who
 * sees whom: same document, not later, and trunk or own branch.
 *
 * @module
 */

import type { SequencedDocument, TokenSequence } from "./sequence.ts";

/** Three integers a token: who sees whom, and at which distance. */
export interface RowMarks {
  /** `[tokens]`: which document of the row. */
  readonly document: Int32Array;
  /** `[tokens]`: 0 for the trunk, else the sequence's number from 1. */
  readonly branch: Int32Array;
  /** `[tokens]`: the token's place in its own sequence, for rotary embedding. */
  readonly position: Int32Array;
}

/** Which tokens are predicted, from where, and what each prediction counts for. */
export interface RowPredictions {
  /** `[predictions]`: the row index of the token before. */
  readonly row: Int32Array;
  /** `[predictions]`: the token that is predicted. */
  readonly target: Int32Array;
  /** `[predictions]`: the turn (counted over the row) whose answer it belongs to, or -1. */
  readonly turn: Int32Array;
  /** `[predictions]`: 1 where the answer is a rejected one. */
  readonly rejected: Uint8Array;
  /** `[predictions]`: the weight in the NLL term; a document's weights sum to 1. */
  readonly nllWeight: Float32Array<ArrayBuffer>;
}

/** A row ready for a model. */
export interface PackedRow extends RowMarks {
  /** `[tokens]`: the ids. */
  readonly tokens: Int32Array;
  /** What the row's hidden states are asked for. */
  readonly predictions: RowPredictions;
  /** The documents, in the order in which they stand in the row. */
  readonly documents: readonly SequencedDocument[];
  /** `[turns]`: the document (index in the row) of each turn. */
  readonly documentOfTurn: Int32Array;
  /** `[turns]`: reference log-probs of the chosen answers; 0 where a document has none. */
  readonly referenceChosen: Float32Array<ArrayBuffer>;
  /** `[turns]`: reference log-probs of the rejected answers; 0 where a document has none. */
  readonly referenceRejected: Float32Array<ArrayBuffer>;
}

/** How many leading tokens a document's sequences share; an answer is never among them. */
export function trunkLength(sequences: readonly TokenSequence[]): number {
  const [first, ...others] = sequences;
  let length = 0;
  while (
    length < first.ids.length && first.turnOf[length] < 0 &&
    others.every(({ ids, turnOf }) => ids[length] === first.ids[length] && turnOf[length] < 0)
  ) length++;
  return length;
}

/** How many tokens a document takes in a row. */
export function rowLength({ sequences }: SequencedDocument): number {
  const trunk = trunkLength(sequences);
  return sequences.reduce((sum, { ids }) => sum + ids.length - trunk, trunk);
}

/** How many turns a document has. */
export function turnCount({ sequences }: SequencedDocument): number {
  let last = -1;
  for (const { turnOf } of sequences) for (const turn of turnOf) last = Math.max(last, turn);
  return last + 1;
}

/** Grows a row document by document. */
class RowWriter {
  readonly tokens: number[] = [];
  readonly document: number[] = [];
  readonly branch: number[] = [];
  readonly position: number[] = [];
  readonly row: number[] = [];
  readonly target: number[] = [];
  readonly turn: number[] = [];
  readonly rejected: number[] = [];
  readonly nllWeight: number[] = [];

  token(id: number, document: number, branch: number, position: number): number {
    this.tokens.push(id);
    this.document.push(document);
    this.branch.push(branch);
    this.position.push(position);
    return this.tokens.length - 1;
  }

  prediction(row: number, target: number, turn: number, rejected: boolean, inNll: boolean): void {
    this.row.push(row);
    this.target.push(target);
    this.turn.push(turn);
    this.rejected.push(Number(rejected));
    this.nllWeight.push(Number(inNll));
  }

  /** Makes the weights of the predictions since `from` a mean. */
  meanSince(from: number): void {
    let count = 0;
    for (let at = from; at < this.nllWeight.length; at++) count += this.nllWeight[at];
    for (let at = from; at < this.nllWeight.length; at++) this.nllWeight[at] /= count || 1;
  }
}

function writeDocument(
  writer: RowWriter,
  { sequences }: SequencedDocument,
  index: number,
  firstTurn: number,
): void {
  const trunk = trunkLength(sequences);
  const trunkStart = writer.tokens.length;
  const predictionsBefore = writer.row.length;
  const [first] = sequences;
  for (let at = 0; at < trunk; at++) {
    const row = writer.token(first.ids[at], index, 0, at);
    const inNll = sequences.some((sequence) => sequence.inNll[at]);
    if (at > 0 && inNll) writer.prediction(row - 1, first.ids[at], -1, false, true);
  }
  for (const [number, { ids, turnOf, inNll, side }] of sequences.entries()) {
    // The first token of every branch is predicted from the trunk's last.
    let before = trunkStart + trunk - 1;
    for (let at = trunk; at < ids.length; at++) {
      const row = writer.token(ids[at], index, number + 1, at);
      const turn = turnOf[at] < 0 ? -1 : firstTurn + turnOf[at];
      if (at > 0 && (turn >= 0 || inNll[at])) {
        writer.prediction(before, ids[at], turn, side === "rejected", inNll[at]);
      }
      before = row;
    }
  }
  writer.meanSince(predictionsBefore);
}

/** Puts documents one after another in a row. */
export function packRow(documents: readonly SequencedDocument[]): PackedRow {
  const writer = new RowWriter();
  const documentOfTurn: number[] = [];
  const referenceChosen: number[] = [];
  const referenceRejected: number[] = [];
  for (const [index, document] of documents.entries()) {
    writeDocument(writer, document, index, documentOfTurn.length);
    for (let turn = 0; turn < turnCount(document); turn++) {
      documentOfTurn.push(index);
      referenceChosen.push(document.referenceChosen[turn] ?? 0);
      referenceRejected.push(document.referenceRejected[turn] ?? 0);
    }
  }
  return {
    tokens: Int32Array.from(writer.tokens),
    document: Int32Array.from(writer.document),
    branch: Int32Array.from(writer.branch),
    position: Int32Array.from(writer.position),
    predictions: {
      row: Int32Array.from(writer.row),
      target: Int32Array.from(writer.target),
      turn: Int32Array.from(writer.turn),
      rejected: Uint8Array.from(writer.rejected),
      nllWeight: Float32Array.from(writer.nllWeight),
    },
    documents,
    documentOfTurn: Int32Array.from(documentOfTurn),
    referenceChosen: Float32Array.from(referenceChosen),
    referenceRejected: Float32Array.from(referenceRejected),
  };
}
