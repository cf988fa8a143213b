/**
 * Reading the tables of an attention plan.
 *
 * @module
 */

import type { Graph, Value } from "../graph.ts";
import type { AttentionPlanValues } from "./attention.ts";
import { gatherRows } from "../operators/gather.ts";
import { lengthOf, reshape, reshapeTo, slice, split } from "../operators/layout.ts";

/** One row of an int64 table as its columns, `[1]` each. */
export function columns(g: Graph, table: Value, at: Value): Value[] {
  const count = Number(table.shape[1]);
  const row = gatherRows(g, table, reshape(g, at, [1]));
  return split(g, reshape(g, row, [count]), 0, Array(count).fill(1));
}

/** The largest of a plan's parts, `[1]` each: queries of a block, keys of a tile, blocks done with a tile. */
export function largestParts(g: Graph, { longest }: AttentionPlanValues): [Value, Value, Value] {
  const [queries, keys, done] = split(g, longest, 0, [1, 1, 1, 1]);
  return [queries, keys, done];
}

/** Most keys that a block sees, `[1]`. */
export function mostKeysSeen(g: Graph, { longest }: AttentionPlanValues): Value {
  return slice(g, longest, 0, 3, 4);
}

/** How many rows a table has, as a scalar. */
export const rowsOf = (g: Graph, table: Value) => reshape(g, lengthOf(g, table, 0), []);

/** Stacked rows `[turns, most, width]` as those at some places of them. */
export function gathered(g: Graph, x: Value, places: Value): Value {
  const width = x.shape.at(-1)!;
  const flat = reshapeTo(g, x, g.ints([-1, Number(width)]), [`all ${places.name}`, width]);
  return gatherRows(g, flat, places);
}
