import type { Graph, Value } from "../graph.ts";
import { equal } from "../operators/compare.ts";
import { gatherRows, scatterAddRows } from "../operators/gather.ts";
import { expand, lengthOf, pad, reshape } from "../operators/layout.ts";

/** 0, 1, ... as many as there are of an index. */
function counted(g: Graph, index: Value): Value {
  const count = reshape(g, lengthOf(g, index, 0), []);
  const [zero, one] = [0n, 1n].map((value) => g.constant(BigInt64Array.of(value), []));
  return g.node("Range", [zero, count, one], "int64", index.shape);
}

/**
 * Zeros with rows added at places: `[places, ...]`, where hardly any place is named twice.
 *
 * Rows are picked place by place, and only those whose place another has taken are added: adding
 * takes an index for every single number, and one thread.
 *
 * @param rows `[n or more, ...]`; those that have no place are left out.
 * @param at int64 `[n]`: the place of each row.
 * @param like A value with the result's first length.
 */
export function placedRows(g: Graph, rows: Value, at: Value, like: Value): Value {
  const places = like.shape[0];
  const order = counted(g, at);
  const nowhere = expand(g, g.ints([-1]), lengthOf(g, like, 0), [places]);
  const taken = g.node("ScatterElements", [nowhere, at, order], "int64", [places], { axis: 0 });
  // The last row is what an index of -1 picks.
  const picked = gatherRows(g, pad(g, rows, 0, 0, 1, "rows and zeros"), taken);

  const isLeft = g.node("Not", [equal(g, gatherRows(g, taken, at), order)], "bool", at.shape);
  const left = reshape(g, g.node("NonZero", [isLeft], "int64", [1, "left"]), ["left"]);
  return scatterAddRows(g, picked, gatherRows(g, at, left), gatherRows(g, rows, left));
}
