/**
 * Passes over finished graphs: dropping what nobody reads, and expanding composites.
 *
 * @module
 */

import { composites } from "./composites/table.ts";
import { type Graph, nestedGraphs, type Node, type Value, valuesRead } from "./graph.ts";

/** Drops nodes and constants that no output depends on, those of nested graphs included. */
export function prune(g: Graph): void {
  const needed = new Set(g.outputs);
  const kept: Node[] = [];
  for (const node of [...g.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    kept.push(node);
    nestedGraphs(node).forEach(prune);
    for (const value of valuesRead(node)) needed.add(value);
  }
  g.nodes = kept.reverse();
  for (const value of g.constants.keys()) if (!needed.has(value)) g.constants.delete(value);
}

/** Expands composite operators into ONNX operators, those of nested graphs included. */
export function lower(g: Graph): void {
  const expanded = new Map<Value, Value>();
  const now = <T extends Value | undefined>(value: T) => value && (expanded.get(value) ?? value);
  const place = (node: Node): void => {
    const inputs = node.inputs.map(now);
    const expand = composites[node.op];
    if (!expand) {
      node.inputs = inputs;
      nestedGraphs(node).forEach(lower);
      g.nodes.push(node);
      return;
    }
    const placed = g.nodes;
    g.nodes = [];
    const results = expand(g, { ...node, inputs });
    const made = g.nodes;
    g.nodes = placed;
    // A composite may be expanded into others.
    made.forEach(place);
    for (const [at, output] of node.outputs.entries()) {
      const result = now(results[at]);
      expanded.set(output, result);
      // Nested graphs, and whoever runs the graph, know the result by this name.
      result.name = output.name;
    }
  };
  const nodes = g.nodes;
  g.nodes = [];
  nodes.forEach(place);
  g.outputs = g.outputs.map(now);
}
