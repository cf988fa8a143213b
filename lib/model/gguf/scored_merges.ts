/**
 * SentencePiece's scores as an order of merges.
 *
 * @module
 */

import { type Token, tokenType } from "./tokens.ts";

interface Merge {
  pair: [string, string];
  /** Of the piece that comes out: the highest is merged first. */
  score: number;
  /** Code points of the left and of the right part. */
  lengths: [number, number];
  ids: [number, number];
}

function* mergesInto(piece: string, score: number, ids: ReadonlyMap<string, number>) {
  const letters = Array.from(piece);
  for (let cut = 1; cut < letters.length; cut++) {
    const pair: [string, string] = [letters.slice(0, cut).join(""), letters.slice(cut).join("")];
    const [left, right] = pair.map((part) => ids.get(part));
    if (left === undefined || right === undefined) continue;
    const merge: Merge = { pair, score, lengths: [cut, letters.length - cut], ids: [left, right] };
    yield merge;
  }
}

/** High scores first, then long parts, then pieces that were learnt early. */
function inOrder(a: Merge, b: Merge): number {
  return b.score - a.score ||
    b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1] ||
    a.ids[0] - b.ids[0] || a.ids[1] - b.ids[1];
}

/**
 * The merges that make the pieces of a SentencePiece vocabulary, in the order of their scores.
 *
 * Each piece comes from every pair of other pieces that spell it, as Hugging Face converts such
 * vocabularies. Control tokens, the unknown token and bytes are never merged.
 */
export function scoredMerges(
  tokens: readonly Token[],
  scores: readonly number[],
): [string, string][] {
  const whole: readonly number[] = [tokenType.unknown, tokenType.control, tokenType.byte];
  const pieces = tokens.filter(({ type }) => !whole.includes(type));
  const ids = new Map(pieces.map(({ text, id }) => [text, id]));
  const merges = pieces.flatMap(({ text, id }) => [...mergesInto(text, scores[id], ids)]);
  return merges.sort(inOrder).map(({ pair }) => pair);
}
