import type { Shape } from "./dims.ts";
import type { Graph, Value } from "./graph.ts";

/** What of a graph is a function of its inputs. */
export type Body = Pick<Graph, "inputs" | "nodes" | "constants" | "outputs">;

/**
 * Appends what a body computes to a graph, under fresh names, and gives the body's outputs.
 *
 * @param given What the body's inputs are, one after another.
 * @param shapeOf The shape of a value in the graph by its shape in the body; the same by default.
 */
export function inline(
  g: Graph,
  body: Body,
  given: readonly Value[],
  shapeOf: (shape: Shape) => Shape = (shape) => shape,
): Value[] {
  const now = new Map(body.inputs.map((input, at) => [input, given[at]]));
  for (const [value, data] of body.constants) now.set(value, g.constant(data, value.shape));
  for (const { op, inputs, outputs, attributes } of body.nodes) {
    const made = g.nodeOf(
      op,
      inputs.map((input) => input && now.get(input)),
      outputs.map(({ type, shape }) => ({ type, shape: shapeOf(shape) })),
      attributes,
    );
    outputs.forEach((output, at) => now.set(output, made[at]));
  }
  return body.outputs.map((output) => now.get(output)!);
}
