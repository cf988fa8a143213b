/**
 * The records that flow through the data stages: text, never only token ids.
 *
 * @module
 */

/** A document as read. */
export interface DocumentRecord {
  /** Unique within a run; seeds, errors and dead letters name it. */
  id: string;
  /** File (and line) it came from. */
  source: string;
  /** Its whole text. */
  text: string;
  /** Questions that came with it; {@linkcode instruct} asks the model where there are none. */
  questions?: string[];
}

/** A piece of a document, cut between paragraphs or sentences where that was possible. */
export interface Chunk {
  /** First UTF-16 index in the document's text. */
  start: number;
  /** One past the last. */
  end: number;
  /** Tokens of the piece under the model's tokenizer. */
  tokens: number;
}

/** A document with its pieces. */
export interface ChunkedDocument extends DocumentRecord {
  /** Tokens of the whole text, summed over its pieces. */
  tokens: number;
  /** Its pieces, in order. */
  chunks: Chunk[];
}

/** One question of a document on its way to a pair; fields fill up stage by stage. */
export interface TurnDraft {
  /** The short context that stands for the document (`compress`). */
  short: string;
  /** The question, written on the short context (`instruct`). */
  question?: string;
  /** The answer from the short context (`sampleShort`). */
  chosen?: string;
  /** The answer from the whole document (`sampleLong`). */
  rejected?: string;
  /**
   * Geometric mean of the probabilities of the chosen answer's tokens from the short context, from
   * 0 to 1; missing where the sampler tells no log-probs.
   */
  confidence?: number;
}

/** A document with its turns under way. */
export interface DraftRecord {
  /** The document's id. */
  id: string;
  /** File (and line) it came from. */
  source: string;
  /** The long context. */
  long: string;
  /** Questions and answers under way. */
  turns: TurnDraft[];
  /** Who wrote what, with which parameters: filled by the sampling stages. */
  sampler?: SamplerNote;
  /** Turns that were left out on the way, by reason. */
  dropped?: Record<string, number>;
}

/** How the texts of a record were drawn. */
export interface SamplerNote {
  /** The sampler's name. */
  name: string;
  /** The run's seed. */
  seed: number;
  /** Parameters of each sampling stage, by its name. */
  parameters: Record<string, Record<string, number | string | readonly string[]>>;
  /** Who computed the reference log-probs; it need not be who wrote. */
  scorer?: string;
}

/** Reference log-probs (natural, summed over answer tokens) of both answers of a turn. */
export interface ReferenceLogProbs {
  /** Of the chosen answer. */
  chosen: number;
  /** Of the rejected answer. */
  rejected: number;
}

/** A turn with question and both answers. */
export interface AnsweredTurn {
  /** The short context that stands for the document. */
  short: string;
  /** The question on both contexts. */
  question: string;
  /** The answer from the short context. */
  chosen: string;
  /** The answer from the whole document. */
  rejected: string;
}

/** One turn of a finished pair. */
export interface PairTurn extends AnsweredTurn {
  /** By what the reference read: `short` is LongPO's constraint, `long` is plain DPO. */
  reference: { short?: ReferenceLogProbs; long?: ReferenceLogProbs };
}

/** A finished record: what `pairs.jsonl` holds and training reads. */
export interface PairRecord {
  /** The document's id. */
  id: string;
  /** File (and line) it came from. */
  source: string;
  /** The long context. */
  long: string;
  /** Questions with both answers. */
  turns: PairTurn[];
  /** Who wrote what, with which parameters. */
  sampler: SamplerNote;
  /** Turns of the document that were left out, by reason; missing where there are none. */
  dropped?: Record<string, number>;
  /**
   * Hash of reference model, chat template and texts; training refuses another. Empty where no
   * reference was computed yet.
   */
  referenceHash: string;
}
