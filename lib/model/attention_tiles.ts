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
 * Where a tile must end: around the trunk of a document that does not fit in one, so that all later
 * blocks of the document see all of a trunk's tile.
 */
function borders(
  branch: Int32Array,
  documents: readonly TokenRange[],
  longest: number,
): Set<number> {
  const long = documents.filter(({ from, to }) => to - from > longest);
  return new Set(long.flatMap((tokens) => [tokens.from, runs(branch, tokens)[0].to]));
}

/** Queries' ranges, parted where tiles must end and where they are too long for one. */
function pieces(
  blocks: readonly AttentionBlock[],
  ends: ReadonlySet<number>,
  longest: number,
): TokenRange[] {
  return blocks.flatMap(({ queries: { from, to } }) => {
    const starts = [from, ...[...ends].filter((at) => at > from && at < to)];
    return starts.flatMap((from, at) => parts({ from, to: starts[at + 1] ?? to }, longest));
  });
}

/** Keys in tiles of at most `longest`, which begin with a block where they can. */
function tileKeys(
  { document, branch }: RowMarks,
  blocks: readonly AttentionBlock[],
  longest: number,
): TokenRange[] {
  const documents = runs(document, { from: 0, to: document.length });
  const ends = borders(branch, documents, longest);
  const tiles: TokenRange[] = [];
  for (const { from, to } of pieces(blocks, ends, longest)) {
    const last = tiles.at(-1);
    // A block adds to all of a tile, so that documents with blocks of their own have tiles of their own.
    const isSame = last && document[last.from] === document[from];
    if (isSame && !ends.has(from) && to - last.from <= longest) {
      tiles.splice(-1, 1, { from: last.from, to });
    } else tiles.push({ from, to });
  }
  return tiles;
}

/** The blocks that see keys; far ones are those at the end that all see all. */
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
