/**
 * Values that two nodes give: where one of the nodes is computed anyway, the other is left out.
 *
 * A composite's gradient may come by the composite's own outputs on its way. What is linear in a
 * loss has a gradient that needs no outputs, so that one pass gives both.
 *
 * @module
 */

import { type Graph, type Node, replaceValue, type Value, valuesRead } from "./graph.ts";
import { prune } from "./rewrite.ts";

type Makers = ReadonlyMap<Value, Node>;

function makersOf(nodes: readonly Node[]): Makers {
  return new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

/** Whether a node cannot be computed before a value is. */
function needs(node: Node, value: Value, makers: Makers): boolean {
  const seen = new Set<Node>();
  const open = [node];
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const read of valuesRead(next)) {
      if (read === value) return true;
      const maker = makers.get(read);
      if (maker) open.push(maker);
    }
  }
  return false;
}

/** Nodes so that each stands behind what it reads; otherwise in the order in which they stand. */
function inOrder(nodes: readonly Node[]): Node[] {
  const makers = makersOf(nodes);
  const order = new Set<Node>();
  const place = (node: Node) => {
    if (order.has(node)) return;
    for (const value of valuesRead(node)) {
      const maker = makers.get(value);
      if (maker) place(maker);
    }
    order.add(node);
  };
  nodes.forEach(place);
  return [...order];
}

/** Takes values from their twins where these are computed anyway and need not wait for them. */
export function useTwins(g: Graph): void {
  for (const [value, twin] of g.twins) {
    const makers = makersOf(g.nodes);
    const maker = makers.get(twin);
    if (!maker || !makers.has(value) || needs(maker, value, makers)) continue;
    replaceValue(g, value, twin);
    twin.name = value.name;
    g.nodes = inOrder(g.nodes);
  }
  prune(g);
}
