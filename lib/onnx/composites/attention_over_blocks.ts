import type { Graph, Value } from "../graph.ts";
import { sub } from "../operators/elementwise.ts";
import { pad } from "../operators/layout.ts";
import type { AttentionPlanValues } from "./attention.ts";
import { Block } from "./attention_block.ts";
import type { HeadSet } from "./attention_heads.ts";
import { columns, gathered, largestParts, rowsOf } from "./attention_tables.ts";
import { loop } from "./loop.ts";

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
  const [mostQueries] = largestParts(g, plan);
  const { stacked } = loop(g, rowsOf(g, plan.blocks), "blocks", [], (inner, index) => {
    const block = new Block(inner, plan, set, columns(inner, plan.blocks, index));
    const missing = sub(inner, mostQueries, block.queryCount);
    const results = body(block).map((x) => pad(inner, x, 0, 0, missing, "most queries"));
    return { carried: [], stacked: results };
  });
  return stacked.map((x) => gathered(g, x, plan.queryPlaces));
}
