import { assert, assertEquals } from "@std/assert";
import type { AttentionPlan } from "../../lib/model/mod.ts";

/** Rows of a table with so many columns. */
export function rowsOf(table: readonly number[], columns: number): number[][] {
  return Array.from(
    { length: table.length / columns },
    (_, row) => table.slice(row * columns, (row + 1) * columns),
  );
}

/** `[query][key]`: nothing is seen yet. */
function nothing(tokens: number): boolean[][] {
  return Array.from({ length: tokens }, () => Array<boolean>(tokens).fill(false));
}

/** Notes that a query sees a key, which nothing else may have said. */
function see(seen: boolean[][], query: number, key: number): void {
  assert(!seen[query][key], `${query} sees ${key} twice`);
  seen[query][key] = true;
}

/** Notes what a row of blocks' columns lets see. */
function seeBlock(seen: boolean[][], row: readonly number[], masks: Float32Array): void {
  const [from, to, pastFrom, pastTo, ownFrom, ownTo, mask, maskEnd] = row;
  assert(0 <= pastFrom && pastFrom <= pastTo && pastTo <= ownFrom && ownFrom <= ownTo);
  const width = (maskEnd - mask) / (to - from);
  assert(Number.isInteger(width) && width <= ownTo - ownFrom);
  const masked = ownTo - width;
  for (let query = from; query < to; query++) {
    for (let key = pastFrom; key < pastTo; key++) see(seen, query, key);
    for (let key = ownFrom; key < ownTo; key++) {
      const at = mask + (query - from) * width + key - masked;
      if (key < masked || masks[at] === 0) see(seen, query, key);
    }
  }
}

/** `[query][key]`: what a plan's blocks let see. */
export function seenByBlocks({ blocks, masks, queryPlaces }: AttentionPlan): boolean[][] {
  const seen = nothing(queryPlaces.length);
  for (const row of rowsOf(blocks, 10)) {
    seeBlock(seen, row, masks);
    const [, , pastFrom, pastTo, , , , , tiles, length] = row;
    const past = pastTo - pastFrom;
    assert(tiles * length >= past && (tiles === 0 || (tiles - 1) * length < past));
  }
  return seen;
}

/** `[query][key]`: what a plan's tiles let see, as the gradient goes through them. */
export function seenByTiles(plan: AttentionPlan): boolean[][] {
  const { masks, queryPlaces } = plan;
  const seen = nothing(queryPlaces.length);
  const [blocks, nearRows] = [rowsOf(plan.blocks, 10), rowsOf(plan.near, 8)];
  let carried = { from: 0, to: plan.tiles[4] };
  for (const [from, to, first, far, end, done, begun, near] of rowsOf(plan.tiles, 8)) {
    assert(first === carried.from && end <= carried.to && first + done <= far);
    for (let block = first; block < far; block++) {
      const row = nearRows[near + block - first];
      assertEquals(row.slice(0, 2), blocks[block].slice(0, 2));
      assert(from <= row[2] && row[5] <= to);
      seeBlock(seen, row, masks);
    }
    for (const [queryFrom, queryTo] of blocks.slice(far, end)) {
      for (let query = queryFrom; query < queryTo; query++) {
        for (let key = from; key < to; key++) see(seen, query, key);
      }
    }
    carried = { from: first + done, to: carried.to + begun };
  }
  assertEquals(carried, { from: blocks.length, to: blocks.length });
  return seen;
}
