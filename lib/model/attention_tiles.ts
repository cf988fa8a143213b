/**
 * How a row's keys are cut into tiles, and which blocks of queries see them.
 *
 * @module
 */

import { type AttentionBlock, parts, runs, type TokenRange } from "./attention_blocks.ts";
import type { RowMarks } from "./row.ts";

/** Keys that are computed at once, and the blocks that see them. */
export interface AttentionTile {
  /** The keys. */
  readonly keys: TokenRange;
  /** Blocks that see some of them, or that a mask is for. */
  readonly near: TokenRange;
  /** Blocks that come after and see all of them. */
  readonly far: TokenRange;
}

/** What of a range is in another; where nothing is, an empty range within the other. */
export function within(range: TokenRange, { from, to }: TokenRange): TokenRange {
  const start = Math.min(Math.max(range.from, from), to);
  return { from: start, to: Math.max(start, Math.min(range.to, to)) };
}

const overlaps = (a: TokenRange, b: TokenRange) => within(a, b).from < within(a, b).to;

/**
 * Where a tile must end, in documents that do not fit in one: at their borders, and where the trunk
 * ends, so that all later blocks of the document see all of a trunk's tile.
 */
function borders({ document, branch }: RowMarks, longest: number): Set<number> {
  const documents = runs(document, { from: 0, to: document.length });
  return new Set(
    documents.filter(({ from, to }) => to - from > longest)
      .flatMap((tokens) => [tokens.from, runs(branch, tokens)[0].to, tokens.to]),
  );
}

/** Keys in tiles of at most `longest`, which begin with a block where they can. */
function tileKeys(
  marks: RowMarks,
  blocks: readonly AttentionBlock[],
  longest: number,
): TokenRange[] {
  const ends = borders(marks, longest);
  const tiles: TokenRange[] = [];
  for (const { queries } of blocks) {
    const inside = [...ends].filter((at) => at > queries.from && at < queries.to);
    const starts = [queries.from, ...inside];
    for (const [at, from] of starts.entries()) {
      for (const piece of parts({ from, to: starts[at + 1] ?? queries.to }, longest)) {
        const last = tiles.at(-1);
        const joins = last && !ends.has(piece.from) && piece.to - last.from <= longest;
        if (joins) tiles.splice(-1, 1, { from: last.from, to: piece.to });
        else tiles.push(piece);
      }
    }
  }
  return tiles;
}

/** The blocks that see keys: those from the first on that sees any, and before them all that do. */
function seenBy(keys: TokenRange, blocks: readonly AttentionBlock[]): AttentionTile {
  const isSeen = ({ past, own }: AttentionBlock) => overlaps(past, keys) || overlaps(own, keys);
  const from = blocks.findIndex(isSeen);
  const to = blocks.findLastIndex(isSeen) + 1;
  const seesAll = ({ past }: AttentionBlock) => past.from <= keys.from && past.to >= keys.to;
  let far = to;
  while (seesAll(blocks[far - 1])) far--;
  return { keys, near: { from, to: far }, far: { from: far, to } };
}

/** Cuts a row's keys into tiles, in their order; none is longer than `longest`. */
export function attentionTiles(
  marks: RowMarks,
  blocks: readonly AttentionBlock[],
  longest: number,
): AttentionTile[] {
  return tileKeys(marks, blocks, longest).map((keys) => seenBy(keys, blocks));
}
