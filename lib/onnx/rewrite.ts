/**
 * Passes over finished graphs: dropping what nobody reads, and expanding composites.
 *
 * @module
 */

import { composites } from "./composites/table.ts";
import { type Graph, nestedGraphs, type Node, type Value, valuesRead } from "./graph.ts";

/** Drops nodes and constants that no output depends on. */
export function prune(g: Graph): void {
  const needed = new Set(g.outputs);
  const kept: Node[] = [];
  for (const node of [...g.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    kept.push(node);
    for (const value of valuesRead(node)) needed.add(value);
  }
  g.nodes = kept.reverse();
  for (const value of g.constants.keys()) if (!needed.has(value)) g.constants.delete(value);
}

/** Expands composite operators into ONNX operators, those of nested graphs included. */
export function lower(g: Graph): void {
  const nodes = g.nodes;
  const expanded = new Map<Value, Value>();
  const now = (value: Value | undefined) => value && (expanded.get(value) ?? value);
  g.nodes = [];
  for (const node of nodes) {
    const inputs = node.inputs.map(now);
    const expand = composites[node.op];
    if (!expand) {
      node.inputs = inputs;
      nestedGraphs(node).forEach(lower);
      g.nodes.push(node);
      continue;
    }
    const results = expand(g, { ...node, inputs });
    for (const [at, output] of node.outputs.entries()) {
      expanded.set(output, results[at]);
      // Nested graphs, and whoever runs the graph, know the result by this name.
      results[at].name = output.name;
    }
  }
  g.outputs = g.outputs.map((output) => expanded.get(output) ?? output);
}
