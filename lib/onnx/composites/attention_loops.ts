/**
 * What forward and backward of blockwise attention share: the loops over groups of tokens and over
 * blocks of queries in them, and how values change between tokens side by side and heads.
 *
 * @module
 */

import { product } from "../dims.ts";
import type { Graph, Node, Value } from "../graph.ts";
import { add, sub } from "../operators/elementwise.ts";
import { gatherRows } from "../operators/gather.ts";
import {
  concat,
  lengthOf,
  pad,
  reshape,
  reshapeTo,
  slice,
  split,
  transpose,
} from "../operators/layout.ts";
import { loop } from "./loop.ts";

/** One row of an int64 table as its columns, `[1]` each. */
function columns(g: Graph, table: Value, at: Value): Value[] {
  const count = Number(table.shape[1]);
  const row = gatherRows(g, table, reshape(g, at, [1]));
  return split(g, reshape(g, row, [count]), 0, Array(count).fill(1));
}

/** The inputs of an attention node, and its sizes. */
export class AttentionRow {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  /** What the gradient reads beside the forward's inputs. */
  readonly rest: Value[];
  readonly tables: Readonly<Record<"groups" | "blocks" | "masks", Value>>;
  readonly #longest: Value;
  readonly #places: Readonly<Record<"queries" | "keys", Value>>;
  readonly keyValueHeads: number;
  /** Query heads of a key-value head. */
  readonly group: number;
  /** Width of a head. */
  readonly size: number;

  constructor({ inputs, attributes }: Node) {
    const [q, k, v, groups, blocks, masks, longest, queries, keys, ...rest] = inputs as Value[];
    this.q = q;
    this.k = k;
    this.v = v;
    this.rest = rest;
    this.tables = { groups, blocks, masks };
    this.#longest = longest;
    this.#places = { queries, keys };
    this.keyValueHeads = attributes.keyValueHeads as number;
    this.group = (attributes.heads as number) / this.keyValueHeads;
    this.size = Number(k.shape[1]) / this.keyValueHeads;
  }

  /**
   * Repeats a body for every group and puts its results in the row's order: those of the groups'
   * blocks `[blocks, most queries, width]`, and those of their keys `[keys, width]`.
   */
  overGroups(
    g: Graph,
    body: (group: Group) => { queries: Value[]; keys: Value[] },
  ): Value[] {
    const { groups } = this.tables;
    const count = reshape(g, lengthOf(g, groups, 0), []);
    const [mostQueries, mostBlocks, mostKeys] = split(g, this.#longest, 0, [1, 1, 1]);
    const places: Value[] = [];
    const { stacked } = loop(g, count, "groups", [], (inner, index) => {
      const group = new Group(inner, this, columns(inner, groups, index), mostQueries);
      const { queries, keys } = body(group);
      places.push(...queries.map(() => this.#places.queries), ...keys.map(() => this.#places.keys));
      const [blocksLeft, keysLeft] = [
        sub(inner, mostBlocks, group.blockCount),
        sub(inner, mostKeys, group.keyCount),
      ];
      return {
        carried: [],
        stacked: [
          ...queries.map((x) => pad(inner, x, 0, 0, blocksLeft, "most blocks")),
          ...keys.map((x) => pad(inner, x, 0, 0, keysLeft, "most keys")),
        ],
      };
    });
    return stacked.map((x, at) => {
      const width = x.shape.at(-1)!;
      const place = places[at];
      const count = `all ${place.name}`;
      const flat = reshapeTo(g, x, g.ints([-1, Number(width)]), [count, width]);
      return gatherRows(g, flat, place);
    });
  }
}

/** Tokens that see only each other, within the loop over groups. */
export class Group {
  readonly g: Graph;
  readonly row: AttentionRow;
  readonly #columns: Value[];
  readonly #mostQueries: Value;
  readonly blockCount: Value;
  readonly keyCount: Value;

  constructor(g: Graph, row: AttentionRow, columns: Value[], mostQueries: Value) {
    const [firstBlock, endBlock, from, to] = columns;
    this.g = g;
    this.row = row;
    this.#columns = columns;
    this.#mostQueries = mostQueries;
    this.blockCount = sub(g, endBlock, firstBlock);
    this.keyCount = sub(g, to, from);
  }

  /** The group's tokens of keys or values, by head: `[key-value heads, keys, head size]`. */
  byHead(x: Value): Value {
    const { g, row } = this;
    const [, , from, to] = this.#columns;
    const tokens = slice(g, x, 0, from, to, "group");
    return transpose(g, reshape(g, tokens, ["group", row.keyValueHeads, row.size]), [1, 0, 2]);
  }

  /** The inverse of {@linkcode byHead}: `[keys, key-value heads * head size]`. */
  sideBySide(x: Value): Value {
    const { g, row: { keyValueHeads, size } } = this;
    return reshape(g, transpose(g, x, [1, 0, 2]), ["group", keyValueHeads * size]);
  }

  /**
   * Repeats a body for every block; results of its queries, `[block, width]`, are stacked as
   * `[blocks, most queries, width]`.
   */
  overBlocks(
    carried: Value[],
    body: (block: Block, carried: Value[]) => { carried: Value[]; queries: Value[] },
  ): { carried: Value[]; stacked: Value[] } {
    const { g, row } = this;
    const [firstBlock] = this.#columns;
    return loop(g, reshape(g, this.blockCount, []), "blocks", carried, (inner, index, entering) => {
      const at = add(inner, reshape(inner, index, [1]), firstBlock);
      const block = new Block(inner, row, columns(inner, row.tables.blocks, at));
      const { carried, queries } = body(block, entering);
      const missing = sub(inner, this.#mostQueries, block.queryCount);
      const stacked = queries.map((x) => pad(inner, x, 0, 0, missing, "most queries"));
      return { carried, stacked };
    });
  }
}

/** Queries that are computed at once, within the loop over blocks. */
export class Block {
  readonly g: Graph;
  readonly #row: AttentionRow;
  readonly #columns: Value[];
  readonly queryCount: Value;

  constructor(g: Graph, row: AttentionRow, columns: Value[]) {
    this.g = g;
    this.#row = row;
    this.#columns = columns;
    this.queryCount = sub(g, columns[1], columns[0]);
  }

  /** The block's tokens of a value with any number per query head: `[block, kv heads, group, n]`. */
  queries(x: Value): Value {
    const { keyValueHeads, group } = this.#row;
    const [from, to] = this.#columns;
    const tokens = slice(this.g, x, 0, from, to, "block");
    const width = Number(x.shape[1]) / (keyValueHeads * group);
    return reshape(this.g, tokens, ["block", keyValueHeads, group, width]);
  }

  /** What {@linkcode queries} gives, as one matrix a key-value head. */
  byHead(x: Value): Value {
    const rows = product(["block", this.#row.group]);
    const turned = transpose(this.g, x, [1, 0, 2, 3]);
    return reshape(this.g, turned, [this.#row.keyValueHeads, rows, x.shape[3]]);
  }

  /** The inverse of {@linkcode queries} and {@linkcode byHead}: `[block, heads * n]`. */
  sideBySide(x: Value): Value {
    const { keyValueHeads, group } = this.#row;
    const width = Number(x.shape[2]);
    const heads = reshape(this.g, x, [keyValueHeads, "block", group, width]);
    const turned = transpose(this.g, heads, [1, 0, 2, 3]);
    return reshape(this.g, turned, ["block", keyValueHeads * group * width]);
  }

  /** Of `[heads, keys, n]`, or with keys along another axis, the keys that all queries see. */
  past(x: Value, axis = 1): Value {
    const [, , from, to] = this.#columns;
    return slice(this.g, x, axis, from, to, "past");
  }

  /** Of `[heads, keys, n]`, or with keys along another axis, those that the mask is for. */
  own(x: Value, axis = 1): Value {
    const [, , , , from, to] = this.#columns;
    return slice(this.g, x, axis, from, to, "own");
  }

  /** `[block * group, own]`: 0 where a query sees a key. */
  mask(): Value {
    const { tables: { masks }, group } = this.#row;
    const [, , , , from, to, start, end] = this.#columns;
    const rows = concat(this.g, [this.g.ints([-1]), sub(this.g, to, from)], 0);
    const flat = slice(this.g, masks, 0, start, end, "mask");
    const mask = reshapeTo(this.g, flat, rows, ["block", "own"]);
    if (group === 1) return mask;
    // Side by side and then below each other: once for each head of the group.
    const repeated = concat(this.g, Array(group).fill(mask), 1, product([group, "own"]));
    return reshapeTo(this.g, repeated, rows, [product(["block", group]), "own"]);
  }

  /** Gradients of past and own keys at their places among the group's: `[heads, keys, n]`. */
  placed(past: Value, own: Value, keyCount: Value): Value {
    const g = this.g;
    const [, , pastFrom, pastTo, ownFrom, ownTo] = this.#columns;
    const after = pad(g, own, 1, sub(g, ownFrom, pastTo), 0, "after past");
    const seen = concat(g, [past, after], 1, "seen");
    return pad(g, seen, 1, pastFrom, sub(g, keyCount, ownTo), "group");
  }
}
