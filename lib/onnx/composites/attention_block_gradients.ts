import { type Dim, product } from "../dims.ts";
import type { Graph, Value } from "../graph.ts";
import { add, mul, sub } from "../operators/elementwise.ts";
import { gatherRows } from "../operators/gather.ts";
import { swapLast } from "../operators/matmul.ts";
import { concat, lengthOf, pad, reshape, reshapeTo, transpose } from "../operators/layout.ts";
import type { AttentionPlanValues } from "./attention.ts";
import type { HeadSet } from "./attention_heads.ts";
import { gathered, largestParts } from "./attention_tables.ts";

/** Gradients of queries, block by block: `[blocks, heads, size, most queries * group]`. */
export class BlockGradients {
  readonly #plan: AttentionPlanValues;
  readonly #set: HeadSet;
  readonly #size: number;
  readonly #mostRows: Value;

  /** None is there yet. */
  constructor(g: Graph, plan: AttentionPlanValues, set: HeadSet, size: number) {
    const [mostQueries] = largestParts(g, plan);
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
    // One axis at a time: the runtime moves several of them number by number.
    const blocks = swapLast(g, gatherRows(g, all, blockPlaces));
    const byHead = [blocks.shape[0], count, "most queries", group * this.#size];
    const rows = transpose(g, reshape(g, blocks, byHead), [0, 2, 1, 3]);
    const width = count * group * this.#size;
    return gathered(g, reshape(g, rows, [...rows.shape.slice(0, 2), width]), queryPlaces);
  }

  #shape(): Dim[] {
    return [this.#set.count, this.#size, product(["most queries", this.#set.group])];
  }
}
