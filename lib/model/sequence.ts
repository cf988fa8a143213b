/** A conversation as tokens, with what each token is for. */
export interface TokenSequence {
  /** Which answers it holds. */
  side: "chosen" | "rejected";
  /** `[tokens]` */
  ids: readonly number[];
  /** `[tokens]`: the turn whose answer the token belongs to (end token included); -1 elsewhere. */
  turnOf: readonly number[];
  /** `[tokens]`: whether the token counts in the NLL term; all false on the rejected side. */
  inNll: readonly boolean[];
}

/** One document with the conversations held on it. */
export interface SequencedDocument {
  /** The record's id. */
  id: string;
  /** Chosen and rejected conversations; they share their beginning. */
  sequences: readonly TokenSequence[];
  /** `[turns]`: the chosen answers' log-probs by the reference. Empty where none are needed. */
  referenceChosen: readonly number[];
  /** `[turns]`: the rejected answers' log-probs by the reference. Empty where none are needed. */
  referenceRejected: readonly number[];
}
