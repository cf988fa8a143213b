/**
 * Computations that work on each token by itself, carried out on so many tokens at a time that what
 * lies between their inputs and outputs is never held for a whole row.
 *
 * The gradient is such a computation too: that of a chunk is computed from the chunk's inputs alone,
 * and what weights get of all chunks is added up.
 *
 * @module
 */

import { type Attributes, Graph, type Node, type Value } from "../graph.ts";
import { inline } from "../inline.ts";
import type { GradientRules } from "../operators/rule.ts";

/** How a row is cut. */
export interface ChunkOptions {
  /** Most tokens of a chunk. A row that has no more is computed at once. */
  chunkLength: number;
  /** The symbol of a row's length. */
  tokens: string;
}

/** What is computed in chunks, and how. */
export interface ChunkedBody extends ChunkOptions {
  /** Gives for every token what it would give for the token alone; reads nothing but its inputs. */
  body: Graph;
}

/** What an `InChunks` node computes, and of what. */
export interface ChunkedNode extends ChunkedBody {
  /** The body's inputs. */
  given: Value[];
  /** What is added to each result where it is a sum. */
  beginnings: (Value | undefined)[];
}

/**
 * A node that gives what a body gives for a whole row, computed chunk by chunk.
 *
 * Inputs `[tokens, ...]` are cut, others are read whole. Outputs `[tokens, ...]` are put together; what
 * is of another shape is taken for a sum over tokens, and chunks' are added.
 *
 * @param given What the body's inputs are, one after another.
 * @param outputs What the body's outputs are for the whole row.
 */
export function inChunks(given: readonly Value[], outputs: Value[], chunked: ChunkedBody): Node {
  const beginnings = outputs.map(() => undefined);
  return { op: "InChunks", inputs: [...given, ...beginnings], outputs, attributes: { ...chunked } };
}

/** Takes an `InChunks` node apart. */
export function chunkedNode({ inputs, attributes }: Node): ChunkedNode {
  const chunked = attributes as Attributes & ChunkedBody;
  const count = chunked.body.inputs.length;
  return { ...chunked, given: inputs.slice(0, count) as Value[], beginnings: inputs.slice(count) };
}

/** Which input of an `InChunks` node is added to one of its sums; none is, by default. */
export function beginningPlace(node: Node, sum: Value): number {
  return chunkedNode(node).given.length + node.outputs.indexOf(sum);
}

/** Declares an input of a body that is like a value outside. */
export function bodyInput(body: Graph, { type, shape }: Value): Value {
  return body.input(body.fresh("given", type, shape).name, type, shape);
}

/** The rule of computations in chunks. */
export const inChunksRules: GradientRules = {
  InChunks(g, node, gradients, wanted, differentiate) {
    const { body, given, beginnings: _, ...options } = chunkedNode(node);
    const backward = new Graph("chunk_backward", g);
    const own = body.inputs.map((input) => bodyInput(backward, input));
    const seeds = new Map<Value, Value>();
    for (const [at, result] of inline(backward, body, own).entries()) {
      if (gradients[at]) seeds.set(result, bodyInput(backward, result));
    }
    const found = differentiate(backward, seeds, own.filter((_, at) => wanted[at]));
    backward.outputs = [...found.values()];

    const all = [...given, ...gradients.filter((gradient) => gradient !== undefined)];
    const results = backward.outputs.map(({ type, shape }) => g.fresh("InChunks", type, shape));
    g.nodes.push(inChunks(all, results, { body: backward, ...options }));
    const sources = [...found.keys()];
    return [...own.map((input) => results[sources.indexOf(input)]), ...gradients];
  },
};
