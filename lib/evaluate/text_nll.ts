/**
 * How unlikely a model finds plain text, by how much of it went before.
 *
 * @module
 */

import type { Scorer } from "../generate/mod.ts";
import type { ChatModel, SequencedDocument } from "../model/mod.ts";

/** Options of {@linkcode textNll}. */
export interface TextNllOptions {
  /** The model that is measured. */
  scorer: Pick<Scorer, "score">;
  /** Its tokenizer. */
  model: Pick<ChatModel, "tokenizer">;
  /** Whole documents. */
  texts: readonly string[];
  /** Tokens of the pieces that are also read each on its own. */
  pieceTokens: number;
  /** Stops between two documents. */
  signal?: AbortSignal;
}

/** The mean over some tokens. */
export interface MeanNll {
  /** Negative log-likelihood of a token, in nats. */
  nll: number;
  /** How many tokens. */
  tokens: number;
}

/** The mean over tokens at some positions of their documents. */
export interface PositionNll extends MeanNll {
  /** The first position. */
  from: number;
  /** One past the last. */
  to: number;
}

/** What {@linkcode textNll} found. */
export interface TextNll {
  /** Of the texts in pieces, each read on its own. */
  short: MeanNll;
  /** Of the whole texts. */
  long: MeanNll;
  /** Of the whole texts by position: up to 256 tokens, then twice as far each time. */
  byPosition: PositionNll[];
}

/** One past the last position of the first bucket. */
const FIRST_BORDER = 256;

/** The bucket of a position: each ends twice as far as the one before. */
function bucketOf(position: number): number {
  return Math.max(0, Math.floor(Math.log2(position / FIRST_BORDER)) + 1);
}

function borders(bucket: number): { from: number; to: number } {
  const to = FIRST_BORDER * 2 ** bucket;
  return { from: bucket === 0 ? 0 : to / 2, to };
}

/** A text whose tokens are scored by the "turn" they are said to belong to; the first is given. */
function scored(ids: readonly number[], turn: (position: number) => number): SequencedDocument {
  const turnOf = ids.map((_, position) => position === 0 ? -1 : turn(position));
  const sequence = { side: "chosen" as const, ids, turnOf, inNll: ids.map(() => false) };
  return { id: "text", sequences: [sequence], referenceChosen: [], referenceRejected: [] };
}

/** Sums of negative log-likelihoods and counts of tokens, by turn. */
async function sums(
  scorer: TextNllOptions["scorer"],
  document: SequencedDocument,
  signal?: AbortSignal,
): Promise<MeanNll[]> {
  const [{ chosen }] = await scorer.score([document], { signal });
  const [{ turnOf }] = document.sequences;
  return chosen.map((logProb, turn) => ({
    nll: -logProb,
    tokens: turnOf.filter((one) => one === turn).length,
  }));
}

function mean(parts: readonly MeanNll[]): MeanNll {
  const tokens = parts.reduce((sum, part) => sum + part.tokens, 0);
  return { nll: parts.reduce((sum, part) => sum + part.nll, 0) / tokens, tokens };
}

/**
 * Reads texts whole, and in pieces each on its own, and says how unlikely the model found their
 * tokens. A model that uses its context finds later tokens of a whole text likelier; one that is
 * read beyond what it was made for finds them far less likely.
 *
 * @example A model to which all is the same
 * ```ts
 * import { textNll } from "@longpo/longpo/evaluate";
 * import { Tokenizer } from "@longpo/longpo/model";
 * import { assertEquals } from "@std/assert";
 *
 * const level = {
 *   score: (documents: readonly { sequences: readonly { turnOf: readonly number[] }[] }[]) =>
 *     Promise.resolve(documents.map(({ sequences: [{ turnOf }] }) => {
 *       const chosen = Array(Math.max(...turnOf) + 1).fill(0);
 *       for (const turn of turnOf) if (turn >= 0) chosen[turn] -= 2;
 *       return { chosen, rejected: [] };
 *     })),
 * };
 * const tokenizer = { encode: (text: string) => [...text].map((_, at) => at) } as Tokenizer;
 *
 * const texts = ["x".repeat(600)];
 * const { short, byPosition } = await textNll({
 *   scorer: level,
 *   model: { tokenizer },
 *   texts,
 *   pieceTokens: 100,
 * });
 * assertEquals(short.nll, 2);
 * assertEquals(byPosition.map(({ from, to, nll }) => [from, to, nll]), [
 *   [0, 256, 2],
 *   [256, 512, 2],
 *   [512, 600, 2],
 * ]);
 * ```
 */
export async function textNll(
  { scorer, model: { tokenizer }, texts, pieceTokens, signal }: TextNllOptions,
): Promise<TextNll> {
  const start = tokenizer.bosTokenId === undefined ? [] : [tokenizer.bosTokenId];
  const buckets: MeanNll[] = [];
  const pieces: MeanNll[] = [];
  let longest = 0;
  for (const text of texts) {
    signal?.throwIfAborted();
    const ids = tokenizer.encode(text);
    longest = Math.max(longest, start.length + ids.length);
    const whole = await sums(scorer, scored([...start, ...ids], bucketOf), signal);
    whole.forEach((part, bucket) => {
      const { nll, tokens } = buckets[bucket] ?? { nll: 0, tokens: 0 };
      buckets[bucket] = { nll: nll + part.nll, tokens: tokens + part.tokens };
    });
    for (let from = 0; from < ids.length; from += pieceTokens) {
      const piece = [...start, ...ids.slice(from, from + pieceTokens)];
      if (piece.length > 1) pieces.push(...await sums(scorer, scored(piece, () => 0), signal));
    }
  }
  return {
    short: mean(pieces),
    long: mean(buckets),
    byPosition: buckets.map((bucket, at) => {
      const { from, to } = borders(at);
      return { from, to: Math.min(to, longest), ...mean([bucket]) };
    }),
  };
}
