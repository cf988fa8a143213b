/**
 * Segments joined to one: the classical layout of training artifacts, with a single graph.
 *
 * Nothing is computed twice then, and everything between forward and backward is held at once.
 *
 * @module
 */

import type { Dim } from "./dims.ts";
import { Graph, replaceValue, type Value } from "./graph.ts";
import type { Segment, SegmentParts } from "./segment.ts";

/** A segment at its place in a chain. */
export interface Link {
  /** The segment; it takes what the one before gives by its first flowing input. */
  segment: Segment;
  /** What the chain calls an input of the segment, or a length that only its inputs have. */
  rename(name: string): string;
}

/** The input of a segment that takes what the segment before gives. */
const CARRIED = "input";

/** Appends a link to the graph of its chain, where every input is declared once. */
function append(g: Graph, { segment, rename }: Link, before: Value | undefined): SegmentParts {
  const inner = new Graph(g.name, g);
  const parts = segment.build(inner);
  // Two links may have a length each that they call alike; what is carried has the same in both.
  const length = (dim: Dim) =>
    typeof dim === "number" || before?.shape.includes(dim) ? dim : rename(dim);
  const known = new Map<Value, Value>();
  for (const input of inner.inputs) {
    const name = rename(input.name);
    const declared = input.name === CARRIED && before
      ? before
      : g.inputs.find((input) => input.name === name) ??
        g.input(name, input.type, input.shape.map(length));
    replaceValue(inner, input, declared);
    known.set(input, declared);
  }
  g.nodes.push(...inner.nodes);
  for (const [value, data] of inner.constants) g.constants.set(value, data);
  const parameters = parts.parameters.map((value) => known.get(value)!);
  return { ...parts, parameters };
}

/** A segment of segments: each takes as `input` what the one before differentiates from. */
export function chain(name: string, links: readonly Link[]): Segment {
  return {
    name,
    build(g) {
      const parameters = new Set<Value>();
      let last: SegmentParts | undefined;
      for (const link of links) {
        last = append(g, link, last?.outputs[last.differentiable]);
        for (const parameter of last.parameters) parameters.add(parameter);
      }
      if (!last) throw new TypeError(`${name}: a chain has at least one link`);
      const { outputs, differentiable } = last;
      return { flowing: [], parameters: [...parameters], outputs, differentiable };
    },
  };
}
