import type { SequencedDocument } from "../model/mod.ts";

/** Summed log-probs (natural) of a document's answers. */
export interface TurnScores {
  /** `[turns]` */
  chosen: number[];
  /** `[turns]` */
  rejected: number[];
}

/** Something that says how likely a model finds given answers. */
export interface Scorer {
  /** Goes into records: whose log-probs these are. */
  readonly name?: string;
  /** Hash of the model's weights and configuration. */
  readonly fingerprint: string;
  /** Hash of its tokenizer and chat template. */
  readonly chatHash: string;
  /**
   * Scores both answers of every turn: log-probs summed over the tokens whose `turnOf` is the turn,
   * the end token included. Scores come in the order of the documents.
   */
  score(
    documents: readonly SequencedDocument[],
    options?: { signal?: AbortSignal },
  ): Promise<TurnScores[]>;
}
