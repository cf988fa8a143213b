import type { CountTokens, Piece } from "./pieces.ts";
import { pieces } from "./pieces.ts";
import type { Chunk } from "./record.ts";

/**
 * Packs a text greedily into chunks of at most `tokens` tokens, cut between paragraphs where that
 * is possible (see {@linkcode pieces}). The chunks join to the text without a gap.
 *
 * Time is linear in the text: every character is tokenized a few times, in pieces.
 *
 * @example Pack by words
 * ```ts
 * import { packChunks } from "@longpo/longpo/data";
 * import { assertEquals } from "@std/assert";
 *
 * const text = "One two.\n\nThree four five.\n\nSix.";
 * const countWords = (piece: string) => piece.split(/\s+/).filter(Boolean).length;
 * const chunks = packChunks(text, 4, countWords);
 * assertEquals(chunks.map(({ start, end }) => text.slice(start, end)), [
 *   "One two.\n\n",
 *   "Three four five.\n\nSix.",
 * ]);
 * ```
 */
export function packChunks(text: string, tokens: number, count: CountTokens): Chunk[] {
  const chunks: Chunk[] = [];
  let open: Piece[] = [];
  let size = 0;
  const close = (): void => {
    const { chunk, taken } = largestThatFits(text, open, tokens, count);
    chunks.push(chunk);
    open = open.slice(taken);
    size = open.reduce((sum, piece) => sum + piece.tokens, 0);
  };
  for (const piece of pieces(text, tokens, count)) {
    while (open.length > 0 && size + piece.tokens > tokens) close();
    open.push(piece);
    size += piece.tokens;
  }
  while (open.length > 0) close();
  return chunks;
}

/** Tokens of joined pieces can exceed their sum, so the joined text is counted again. */
function largestThatFits(
  text: string,
  open: readonly Piece[],
  tokens: number,
  count: CountTokens,
): { chunk: Chunk; taken: number } {
  for (let taken = open.length;; taken--) {
    const { start } = open[0];
    const { end } = open[taken - 1];
    const size = taken === 1 ? open[0].tokens : count(text.slice(start, end));
    if (size <= tokens || taken === 1) return { chunk: { start, end, tokens: size }, taken };
  }
}
