import type { Dim, Shape } from "../dims.ts";
import { Graph, type Value } from "../graph.ts";

/** What one turn of a loop gives. */
export interface LoopTurn {
  /** The carried values' next contents. */
  carried: Value[];
  /** One slice of each stacked result. */
  stacked: Value[];
}

/**
 * Repeats a body `count` times: `Loop` with an index, carried values, and results stacked along a
 * new first axis. The body may read any value of the graph around it.
 *
 * @param turns Symbolic length of the stacked results.
 */
export function loop(
  g: Graph,
  count: Value,
  turns: Dim,
  carried: readonly Value[],
  body: (inner: Graph, index: Value, carried: Value[]) => LoopTurn,
): { carried: Value[]; stacked: Value[] } {
  const inner = new Graph("body", g);
  const own = (hint: string, type: Value["type"], shape: Shape) =>
    inner.input(g.fresh(hint, type, shape).name, type, shape);
  const index = own("turn", "int64", []);
  const condition = own("go_on", "bool", []);
  const entering = carried.map((value) => own("carried", value.type, value.shape));

  const turn = body(inner, index, entering);
  const leaving = [condition, ...turn.carried, ...turn.stacked];
  for (const value of leaving) {
    inner.output(inner.fresh("out", value.type, value.shape).name, value);
  }

  const go = g.constant(Uint8Array.of(1), []);
  const results = g.nodeOf("Loop", [count, go, ...carried], [
    ...turn.carried.map(({ type, shape }) => ({ type, shape })),
    ...turn.stacked.map(({ type, shape }) => ({ type, shape: [turns, ...shape] })),
  ], { body: inner });
  return { carried: results.slice(0, carried.length), stacked: results.slice(carried.length) };
}
