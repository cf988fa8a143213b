/**
 * Reverse-mode differentiation of graphs by source transformation.
 *
 * @module
 */

import { type Graph, type Node, type Value, valuesRead } from "./graph.ts";
import { add } from "./operators/elementwise.ts";
import { gradientRules } from "./operators/rules.ts";

/** Values that depend on one of `sources`. */
function dependents(nodes: readonly Node[], sources: readonly Value[]): Set<Value> {
  const reached = new Set(sources);
  for (const node of nodes) {
    if (valuesRead(node).some((value) => reached.has(value))) {
      for (const output of node.outputs) reached.add(output);
    }
  }
  return reached;
}

/**
 * Appends the nodes that compute gradients, and returns the gradient of each of `sources`.
 *
 * `seeds` holds the gradient of each value to differentiate from; a scalar loss has the seed 1.
 * A source that nothing depends on is absent from the result. Only what leads from a source to a
 * seed is differentiated.
 *
 * @throws {TypeError} If a differentiated value passes through an operator without a rule.
 */
export function differentiate(
  g: Graph,
  seeds: ReadonlyMap<Value, Value>,
  sources: readonly Value[],
): Map<Value, Value> {
  const forward = [...g.nodes];
  const active = dependents(forward, sources);
  const gradients = new Map<Value, Value>(seeds);

  for (const node of forward.reverse()) {
    const outputGradients = node.outputs.map((output) => gradients.get(output));
    if (!outputGradients.some(Boolean) || !node.outputs.some((output) => active.has(output))) {
      continue;
    }

    const rule = gradientRules[node.op];
    if (!rule) throw new TypeError(`Cannot differentiate ${node.op}: it has no gradient rule`);
    const wanted = node.inputs.map((input) => input !== undefined && active.has(input));
    const inputGradients = rule(g, node, outputGradients, wanted, differentiate);
    for (const [at, input] of node.inputs.entries()) {
      const gradient = inputGradients[at];
      if (!input || !gradient || !wanted[at]) continue;
      const sofar = gradients.get(input);
      gradients.set(input, sofar ? add(g, sofar, gradient) : gradient);
    }
  }
  const found = sources.filter((source) => gradients.has(source));
  return new Map(found.map((source) => [source, gradients.get(source)!]));
}
