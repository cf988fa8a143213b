import type { Graph, Value } from "../graph.ts";
import { add, sub } from "../operators/elementwise.ts";
import { concat, lengthOf, pad, reshape, slice } from "../operators/layout.ts";
import type { AttentionPlanValues } from "./attention.ts";
import { Block, Tile } from "./attention_block.ts";
import { BlockGradients } from "./attention_block_gradients.ts";
import type { HeadSet } from "./attention_heads.ts";
import { columns, gathered, largestParts, rowsOf } from "./attention_tables.ts";
import { loop } from "./loop.ts";

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

/** Where a run of blocks is told of: a table, and its first row. */
interface Told {
  readonly table: Value;
  readonly firstRow: Value;
}

/** One tile within the loop over all, and what it adds to gradients. */
class TileTurn {
  readonly tile: Tile;
  readonly keyCount: Value;
  /** How many blocks no later tile is seen by. */
  readonly done: Value;
  readonly #g: Graph;
  readonly #plan: AttentionPlanValues;
  readonly #set: HeadSet;
  readonly #blocks: BlockGradients;
  /** Gradients of blocks from the first that sees the tile on. */
  readonly #underWay: Value;
  readonly #columns: Value[];

  constructor(
    g: Graph,
    plan: AttentionPlanValues,
    set: HeadSet,
    blocks: BlockGradients,
    index: Value,
    underWay: Value,
  ) {
    this.#g = g;
    this.#plan = plan;
    this.#set = set;
    this.#blocks = blocks;
    this.#underWay = underWay;
    this.#columns = columns(g, plan.tiles, index);
    const [from, to, , , , done] = this.#columns;
    this.tile = new Tile(g, from, to);
    this.keyCount = sub(g, to, from);
    this.done = done;
  }

  /** Gradients of the tile's keys or values, to which nothing is added yet. */
  none(size: number): Value {
    const g = this.#g;
    const { count } = this.#set;
    const lengths = concat(g, [g.ints([count]), this.keyCount, g.ints([size])], 0);
    return g.node("ConstantOfShape", [lengths], "float32", [count, "tile", size]);
  }

  /** Adds up what near blocks give to the tile's gradients, and stacks the blocks' own. */
  overNear(carried: Value[], pair: (block: Block) => PairGradients): [Value[], Value] {
    const [, , first, far, , , , firstRow] = this.#columns;
    return this.#over(carried, "near", [first, far], { table: this.#plan.near, firstRow }, pair);
  }

  /** The same for far blocks. */
  overFar(carried: Value[], pair: (block: Block) => PairGradients): [Value[], Value] {
    const [, , , far, end] = this.#columns;
    const told = { table: this.#plan.blocks, firstRow: far };
    return this.#over(carried, "far", [far, end], told, pair);
  }

  #over(
    carried: Value[],
    name: string,
    [from, to]: [Value, Value],
    { table, firstRow }: Told,
    pair: (block: Block) => PairGradients,
  ): [Value[], Value] {
    const g = this.#g;
    const [, , first] = this.#columns;
    const count = reshape(g, sub(g, to, from), []);
    const skipped = reshape(g, sub(g, from, first), []);
    const sums = loop(g, count, name, carried, (b, turn, [dk, dv]) => {
      const row = add(b, firstRow, reshape(b, turn, [1]));
      const given = pair(new Block(b, this.#plan, this.#set, columns(b, table, row)));
      const place = add(b, turn, skipped);
      return {
        carried: [add(b, dk, given.dk), add(b, dv, given.dv)],
        stacked: [this.#blocks.plus(b, this.#underWay, place, given.dqTurned)],
      };
    });
    return [sums.carried, sums.stacked[0]];
  }

  /** Gradients of the blocks that the next tile may add to. */
  further(near: Value, far: Value): Value {
    const g = this.#g;
    const [, , first, , end, , begun] = this.#columns;
    const rest = (x: Value, from: Value, name: string) =>
      slice(g, x, 0, from, lengthOf(g, x, 0), name);
    const parts = [
      rest(near, this.done, "near and not done"),
      far,
      rest(this.#underWay, sub(g, end, first), "others"),
      this.#blocks.none(g, begun, "begun"),
    ];
    return concat(g, parts, 0, "under way");
  }
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
  const [, mostKeys, mostDone] = largestParts(g, plan);
  const blocks = new BlockGradients(g, plan, set, size);
  const [, , , , seeFirst] = columns(g, plan.tiles, g.ints([0]));
  const start = [blocks.none(g, seeFirst, "see the first")];
  const { stacked } = loop(g, rowsOf(g, plan.tiles), "tiles", start, (t, index, [underWay]) => {
    const turn = new TileTurn(t, plan, set, blocks, index, underWay);
    const { near, far } = body(turn.tile);
    const none = turn.none(size);
    const [fromNear, dqNear] = turn.overNear([none, none], near);
    const [fromAll, dqFar] = turn.overFar(fromNear, far);

    const done = slice(t, dqNear, 0, t.ints([0]), turn.done, "done");
    const [keysLeft, blocksLeft] = [sub(t, mostKeys, turn.keyCount), sub(t, mostDone, turn.done)];
    return {
      carried: [turn.further(dqNear, dqFar)],
      stacked: [
        pad(t, done, 0, 0, blocksLeft, "most done"),
        ...fromAll.map((x) => pad(t, set.keysSideBySide(t, x), 0, 0, keysLeft, "most keys")),
      ],
    };
  });
  const [dq, dk, dv] = stacked;
  const { keyPlaces } = plan;
  return [blocks.ofTokens(g, dq), gathered(g, dk, keyPlaces), gathered(g, dv, keyPlaces)];
}
