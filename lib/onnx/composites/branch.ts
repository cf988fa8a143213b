import { Graph, type Value } from "../graph.ts";

/**
 * One of two bodies, whichever a condition asks for: `If`. Both may read any value of the graph
 * around them, and give values of the same types and shapes.
 *
 * @param condition bool, of one element.
 */
export function branch(
  g: Graph,
  condition: Value,
  then: (inner: Graph) => Value[],
  otherwise: (inner: Graph) => Value[],
): Value[] {
  const [one, other] = [then, otherwise].map((body) => {
    const inner = new Graph("branch", g);
    for (const value of body(inner)) {
      inner.output(inner.fresh("out", value.type, value.shape).name, value);
    }
    return inner;
  });
  const results = one.outputs.map(({ type, shape }) => ({ type, shape }));
  return g.nodeOf("If", [condition], results, { then_branch: one, else_branch: other });
}
