/**
 * The loops of blockwise attention: over blocks of queries, and for the gradient over tiles of keys
 * and the blocks that see them.
 *
 * @module
 */

import { product } from "../dims.ts";
import type { Graph, Value } from "../graph.ts";
import { add, mul, sub } from "../operators/elementwise.ts";
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
import type { AttentionPlanValues } from "./attention.ts";
import { Block, columns, Tile } from "./attention_block.ts";
import type { HeadSet } from "./attention_heads.ts";
import { loop } from "./loop.ts";

/** How many rows a table has, as a scalar. */
const rowsOf = (g: Graph, table: Value) => reshape(g, lengthOf(g, table, 0), []);

/** Stacked rows `[turns, most, width]` as those at some places of them. */
function gathered(g: Graph, x: Value, places: Value): Value {
  const width = x.shape.at(-1)!;
  const flat = reshapeTo(g, x, g.ints([-1, Number(width)]), [`all ${places.name}`, width]);
  return gatherRows(g, flat, places);
}

/**
 * Repeats a body for every block of queries, and puts its results, `[block, width]` each, below each
 * other.
 */
export function overBlocks(
  g: Graph,
  plan: AttentionPlanValues,
  set: HeadSet,
  body: (block: Block) => Value[],
): Value[] {
  const [mostQueries] = split(g, plan.longest, 0, [1, 1, 1]);
  const { stacked } = loop(g, rowsOf(g, plan.blocks), "blocks", [], (inner, index) => {
    const block = new Block(inner, plan, set, columns(inner, plan.blocks, index));
    const missing = sub(inner, mostQueries, block.queryCount);
    const results = body(block).map((x) => pad(inner, x, 0, 0, missing, "most queries"));
    return { carried: [], stacked: results };
  });
  return stacked.map((x) => gathered(g, x, plan.queryPlaces));
}

/** What the scores of a block and a tile's keys give. */
export interface PairGradients {
  /** Of the block's queries: `[heads, size, block * group]`. */
  dqTurned: Value;
  /** Of the tile's keys: `[heads, tile, size]`. */
  dk: Value;
  /** Of the tile's values: `[heads, tile, size]`. */
  dv: Value;
}

/** How a tile's scores with blocks are computed. */
export interface TileBody {
  /** With a block that sees some of the keys, or that a mask is for. */
  near(block: Block): PairGradients;
  /** With a block all of whose queries see all of the keys. */
  far(block: Block): PairGradients;
}

/** Gradients of queries, block by block: `[blocks, heads, size, most queries * group]`. */
class BlockGradients {
  readonly #plan: AttentionPlanValues;
  readonly #set: HeadSet;
  readonly #size: number;
  readonly #mostRows: Value;

  constructor(g: Graph, plan: AttentionPlanValues, set: HeadSet, size: number) {
    const [mostQueries] = split(g, plan.longest, 0, [1, 1, 1]);
    this.#plan = plan;
    this.#set = set;
    this.#size = size;
    this.#mostRows = mul(g, mostQueries, g.ints([set.group]));
  }

  /** Zeros for so many blocks. */
  none(g: Graph, count: Value, name: string): Value {
    const lengths = concat(g, [count, g.ints([this.#set.count, this.#size]), this.#mostRows], 0);
    return g.node("ConstantOfShape", [lengths], "float32", [name, ...this.#shape()]);
  }

  /** What is known of one block, and what a tile adds to it. */
  plus(g: Graph, blocks: Value, at: Value, dqTurned: Value): Value {
    const before = g.node("Gather", [blocks, at], "float32", blocks.shape.slice(1), { axis: 0 });
    const missing = sub(g, this.#mostRows, lengthOf(g, dqTurned, 2));
    return add(g, before, pad(g, dqTurned, 2, 0, missing, before.shape[2]));
  }

  /** Those that each tile has done with, `[tiles, most done, ...]`, as queries: `[tokens, width]`. */
  ofTokens(g: Graph, done: Value): Value {
    const { count, group } = this.#set;
    const { blockPlaces, queryPlaces } = this.#plan;
    const lengths = concat(g, [g.ints([-1, count, this.#size]), this.#mostRows], 0);
    const all = reshapeTo(g, done, lengths, ["all blocks", ...this.#shape()]);
    const blocks = gatherRows(g, all, blockPlaces);
    const turned = [blocks.shape[0], count, this.#size, "most queries", group];
    const rows = transpose(g, reshape(g, blocks, turned), [0, 3, 1, 4, 2]);
    const width = count * group * this.#size;
    return gathered(g, reshape(g, rows, [...rows.shape.slice(0, 2), width]), queryPlaces);
  }

  #shape() {
    return [this.#set.count, this.#size, product(["most queries", this.#set.group])];
  }
}

/** Blocks one after another, and the rows of a table that tell of them. */
interface BlockRun {
  readonly name: string;
  readonly from: Value;
  readonly to: Value;
  readonly table: Value;
  readonly firstRow: Value;
}

/**
 * Repeats a body for every tile of keys and gives the gradients of queries, keys and values, each
 * `[tokens, width]`.
 *
 * Those of blocks under way are carried from tile to tile: from the first block that sees the tile to
 * the last that saw any tile so far.
 *
 * @param size Width of a head.
 */
export function overTiles(
  g: Graph,
  plan: AttentionPlanValues,
  set: HeadSet,
  size: number,
  body: (tile: Tile) => TileBody,
): [Value, Value, Value] {
  const [, mostKeys, mostDone] = split(g, plan.longest, 0, [1, 1, 1]);
  const blocks = new BlockGradients(g, plan, set, size);
  const [, , , , seeFirst] = columns(g, plan.tiles, g.ints([0]));
  const start = [blocks.none(g, seeFirst, "see the first")];

  const { stacked } = loop(g, rowsOf(g, plan.tiles), "tiles", start, (t, index, [underWay]) => {
    const [from, to, first, far, end, done, begun, near] = columns(t, plan.tiles, index);
    const pairs = body(new Tile(t, from, to));

    /** Adds to the tile's gradients, and stacks those of blocks. */
    const over = (run: BlockRun, carried: Value[], pair: (block: Block) => PairGradients) => {
      const count = reshape(t, sub(t, run.to, run.from), []);
      const skipped = reshape(t, sub(t, run.from, first), []);
      return loop(t, count, run.name, carried, (b, turn, [dk, dv]) => {
        const row = add(b, run.firstRow, reshape(b, turn, [1]));
        const given = pair(new Block(b, plan, set, columns(b, run.table, row)));
        return {
          carried: [add(b, dk, given.dk), add(b, dv, given.dv)],
          stacked: [blocks.plus(b, underWay, add(b, turn, skipped), given.dqTurned)],
        };
      });
    };
    const keyCount = sub(t, to, from);
    const lengths = concat(t, [t.ints([set.count]), keyCount, t.ints([size])], 0);
    const none = t.node("ConstantOfShape", [lengths], "float32", [set.count, "tile", size]);
    const nearRun = { name: "near", from: first, to: far, table: plan.near, firstRow: near };
    const nearBlocks = over(nearRun, [none, none], pairs.near);
    const farRun = { name: "far", from: far, to: end, table: plan.blocks, firstRow: far };
    const farBlocks = over(farRun, nearBlocks.carried, pairs.far);

    const [[dqNear], [dqFar]] = [nearBlocks.stacked, farBlocks.stacked];
    const finished = slice(t, dqNear, 0, t.ints([0]), done, "done");
    const further = [
      slice(t, dqNear, 0, done, lengthOf(t, dqNear, 0), "near and not done"),
      dqFar,
      slice(t, underWay, 0, sub(t, end, first), lengthOf(t, underWay, 0), "others"),
      blocks.none(t, begun, "begun"),
    ];
    const missing = sub(t, mostKeys, keyCount);
    return {
      carried: [concat(t, further, 0, "under way")],
      stacked: [
        pad(t, finished, 0, 0, sub(t, mostDone, done), "most done"),
        ...farBlocks.carried.map((x) =>
          pad(t, set.keysSideBySide(t, x), 0, 0, missing, "most keys")
        ),
      ],
    };
  });
  const [dq, dk, dv] = stacked;
  const { keyPlaces } = plan;
  return [blocks.ofTokens(g, dq), gathered(g, dk, keyPlaces), gathered(g, dv, keyPlaces)];
}
