/**
 * Blocks of queries and tiles of keys: the parts that scores are computed in.
 *
 * @module
 */

import { type Dim, product } from "../dims.ts";
import type { Graph, Value } from "../graph.ts";
import { add, div, minimum, mul, sub } from "../operators/elementwise.ts";
import { concat, pad, reshape, slice } from "../operators/layout.ts";
import type { AttentionPlanValues } from "./attention.ts";
import type { HeadSet } from "./attention_heads.ts";
import { loop } from "./loop.ts";

/** Keys that are computed at once. */
export class Tile {
  readonly g: Graph;
  readonly from: Value;
  readonly to: Value;

  constructor(g: Graph, from: Value, to: Value) {
    this.g = g;
    this.from = from;
    this.to = to;
  }

  /** The tile's part of an axis of keys. */
  readonly keys = (x: Value, axis = 1): Value => slice(this.g, x, axis, this.from, this.to, "tile");
}

/** Queries that are computed at once, and keys that they see. */
export class Block {
  readonly g: Graph;
  readonly #set: HeadSet;
  readonly #masks: Value;
  readonly #columns: Value[];
  readonly #rows: [Value, Value];
  readonly queryCount: Value;

  constructor(g: Graph, plan: AttentionPlanValues, set: HeadSet, columns: Value[]) {
    const [from, to] = columns;
    this.g = g;
    this.#set = set;
    this.#masks = plan.masks;
    this.#columns = columns;
    this.queryCount = sub(g, to, from);
    const group = g.ints([set.group]);
    this.#rows = set.group === 1 ? [from, to] : [mul(g, from, group), mul(g, to, group)];
  }

  /** The block's part of `[heads, queries * group, n]`. */
  rows(x: Value): Value {
    const [from, to] = this.#rows;
    return slice(this.g, x, 1, from, to, product(["block", this.#set.group]));
  }

  /** Of an axis of keys, those that all queries see. */
  past(x: Value, axis = 1): Value {
    const [, , from, to] = this.#columns;
    return slice(this.g, x, axis, from, to, "past");
  }

  /** Of an axis of keys, those that the mask is for. */
  own(x: Value, axis = 1): Value {
    const [, , , , from, to] = this.#columns;
    return slice(this.g, x, axis, from, to, "own");
  }

  /** `[block * group, own]`: 0 where a query sees a key, as all do those before the mask begins. */
  mask(): Value {
    const [, , , , from, to, start, end] = this.#columns;
    const { group } = this.#set;
    const g = this.g;
    const [rows, count] = [this.#rows, sub(g, to, from)];
    const width = div(g, sub(g, end, start), this.queryCount);
    const shaped = (x: Value, lengths: [Value, Value], shape: [Dim, Dim]) =>
      // Lengths of 0 are meant: there may be no own keys.
      g.node("Reshape", [x, concat(g, lengths, 0)], "float32", shape, { allowzero: 1 });
    const part = slice(g, this.#masks, 0, start, end, "mask");
    const last = shaped(part, [this.queryCount, width], ["block", "masked"]);
    const mask = pad(g, last, 1, sub(g, count, width), 0, "own");
    if (group === 1) return mask;
    // Side by side and then below each other: once for each head of the group.
    const repeated = concat(g, Array(group).fill(mask), 1, product([group, "own"]));
    const below = [sub(g, rows[1], rows[0]), count] satisfies [Value, Value];
    return shaped(repeated, below, [product(["block", group]), "own"]);
  }

  /** Gradients of past and own keys at their places in a tile: `[heads, tile, n]`. */
  placed(past: Value, own: Value, tile: Tile): Value {
    const g = this.g;
    const [, , pastFrom, pastTo, ownFrom, ownTo] = this.#columns;
    const parts = [
      pad(g, past, 1, sub(g, pastFrom, tile.from), sub(g, ownFrom, pastTo), "before own"),
      pad(g, own, 1, 0, sub(g, tile.to, ownTo), "from own on"),
    ];
    return concat(g, parts, 1, "tile");
  }

  /** Numbers a query, `[heads, block * group, n]`, as `[block, heads * n]`. */
  sideBySide(x: Value): Value {
    return this.#set.queriesSideBySide(this.g, x, "block");
  }

  /** Repeats a body for tiles of the keys that all queries see. */
  overPast<Carried extends Record<string, Value>>(
    g: Graph,
    start: Carried,
    body: (tile: Tile, carried: Carried) => Carried,
  ): Carried {
    const names = Object.keys(start);
    const named = (values: Value[]) =>
      Object.fromEntries(names.map((name, at) => [name, values[at]])) as Carried;
    const [, , from, to, , , , , count, length] = this.#columns;
    const turns = reshape(g, count, []);
    const { carried } = loop(g, turns, "tiles", Object.values(start), (g, index, entering) => {
      const first = add(g, from, mul(g, reshape(g, index, [1]), length));
      const tile = new Tile(g, first, minimum(g, add(g, first, length), to));
      const leaving = body(tile, named(entering));
      return { carried: names.map((name) => leaving[name]), stacked: [] };
    });
    return named(carried);
  }
}
