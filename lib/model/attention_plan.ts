/**
 * How a row is cut up for attention, as numbers that graphs read.
 *
 * @module
 */

import {
  type AttentionBlock,
  attentionBlocks,
  partLength,
  type TokenRange,
} from "./attention_blocks.ts";
import { AttentionMasks } from "./attention_masks.ts";
import { type AttentionTile, attentionTiles, within } from "./attention_tiles.ts";
import type { RowMarks } from "./row.ts";

/** A plan as numbers, for graphs to read. Ranges are half-open, of the row's tokens. */
export interface AttentionPlan {
  /**
   * `[blocks, 10]`: ranges of queries, of past and of own keys, and of the mask; how many tiles the
   * past is taken in, and their length.
   */
  readonly blocks: number[];
  /** `[pairs, 8]`: the same ranges, of a tile's keys alone, for each of the tile's near blocks. */
  readonly near: number[];
  /**
   * `[tiles, 8]`: range of keys; borders of near and far blocks; how many blocks no later tile is
   * seen by; how many begin with the next tile; the first row of `near`.
   */
  readonly tiles: number[];
  /**
   * Masks `[queries, last own keys]` one after another: 0 where a key is seen, else very low. Own keys
   * before a mask's are seen by all queries.
   */
  readonly masks: Float32Array<ArrayBuffer>;
  /** Most queries of a block, keys of a tile, blocks done with a tile, and keys that a block sees. */
  readonly longest: [number, number, number, number];
  /** `[tokens]`: place among the blocks' queries if blocks had their full length. */
  readonly queryPlaces: Int32Array;
  /** `[tokens]`: place among the tiles' keys if tiles had their full length. */
  readonly keyPlaces: Int32Array;
  /** `[blocks]`: place among blocks if as many were done with every tile. */
  readonly blockPlaces: Int32Array;
}

/** Queries of a block, where nothing else is said. */
export const BLOCK_QUERIES = 256;

/** Keys of a tile, where nothing else is said. */
export const TILE_KEYS = 1024;

/** How large the parts are that a row is cut into, and what of it is seen. */
export interface AttentionPlanOptions {
  /**
   * Queries of a block, at most: enough that products of matrices are worth their preparations, and
   * few enough that little is computed of scores that nobody sees. @default {256}
   */
  queries?: number;
  /** Keys of a tile, at most: few enough that its scores stay near the processor. @default {1024} */
  keys?: number;
  /** How many positions a token sees, its own included. @default {Infinity} */
  window?: number;
}

const size = ({ from, to }: TokenRange) => to - from;
const most = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b));

/** A block's ranges, and its mask's. */
function rangesOf({ queries, past, own }: AttentionBlock, masks: AttentionMasks): number[] {
  const mask = size(own) > 0 ? masks.of({ queries, own }) : { from: 0, to: 0 };
  return [queries, past, own, mask].flatMap(({ from, to }) => [from, to]);
}

/** In how many tiles a block's past is taken, and how long they are. */
function pastTiles({ past }: AttentionBlock, longest: number): [number, number] {
  const length = partLength(size(past), longest);
  return [Math.ceil(size(past) / Math.max(1, length)), length];
}

/** Of what a block sees, what is in a tile. */
function inTile({ queries, past, own }: AttentionBlock, keys: TokenRange): AttentionBlock {
  return { queries, past: within(past, keys), own: within(own, keys) };
}

/** Places of ranges' tokens where each range had the full length. */
function places(ranges: readonly TokenRange[], longest: number): Int32Array {
  const result = new Int32Array(ranges.reduce((sum, range) => sum + size(range), 0));
  for (const [at, { from, to }] of ranges.entries()) {
    for (let token = from; token < to; token++) result[token] = at * longest + token - from;
  }
  return result;
}

/** How many blocks are done with each tile: those that no later tile is seen by. */
function blocksDone(tiles: readonly AttentionTile[], blockCount: number): number[] {
  return tiles.map(({ near }, at) => (tiles[at + 1]?.near.from ?? blockCount) - near.from);
}

/** How many blocks see the tile after each that saw none before. */
function blocksBegun(tiles: readonly AttentionTile[]): number[] {
  let reached = 0;
  return tiles.map(({ far }, at) => {
    reached = Math.max(reached, far.to);
    return Math.max(0, (tiles[at + 1]?.far.to ?? 0) - reached);
  });
}

/**
 * Plans the attention of a row.
 *
 * @throws {RangeError} If the row is empty.
 */
export function attentionPlan(
  marks: RowMarks,
  { queries = BLOCK_QUERIES, keys = TILE_KEYS, window = Infinity }: AttentionPlanOptions = {},
): AttentionPlan {
  const blocks = attentionBlocks(marks, { longest: queries, window });
  const tiles = attentionTiles(marks, blocks, keys);
  const masks = new AttentionMasks(marks, window);
  const done = blocksDone(tiles, blocks.length);
  const begun = blocksBegun(tiles);

  const near: number[][] = [];
  const tileRows = tiles.flatMap((tile, at) => {
    const first = near.length;
    const seeing = blocks.slice(tile.near.from, tile.near.to);
    near.push(...seeing.map((block) => rangesOf(inTile(block, tile.keys), masks)));
    const { from, to } = tile.keys;
    return [from, to, tile.near.from, tile.far.from, tile.far.to, done[at], begun[at], first];
  });
  const [mostQueries, mostKeys, mostDone, mostSeen] = [
    most(blocks.map((block) => size(block.queries))),
    most(tiles.map((tile) => size(tile.keys))),
    most(done),
    most(blocks.map(({ past, own }) => size(past) + size(own))),
  ];
  const doneRanges = tiles.map(({ near: { from } }, at) => ({ from, to: from + done[at] }));
  return {
    blocks: blocks.flatMap((block) => [...rangesOf(block, masks), ...pastTiles(block, keys)]),
    near: near.flat(),
    tiles: tileRows,
    masks: masks.joined(),
    longest: [mostQueries, mostKeys, mostDone, mostSeen],
    queryPlaces: places(blocks.map((block) => block.queries), mostQueries),
    keyPlaces: places(tiles.map((tile) => tile.keys), mostKeys),
    blockPlaces: places(doneRanges, mostDone),
  };
}
