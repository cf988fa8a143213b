/**
 * Segments of which all that works token by token is computed in chunks.
 *
 * As with adapters this is a rewriting of a finished forward graph: whoever builds the graph knows
 * nothing of chunks.
 *
 * @module
 */

import { bodyInput, type ChunkOptions, inChunks } from "./composites/in_chunks.ts";
import { Graph, type Node, type Value, valuesRead } from "./graph.ts";
import { inline } from "./inline.ts";
import type { Segment, SegmentParts } from "./segment.ts";
import { growsWith, isTokenWise } from "./token_wise.ts";

/** Nodes between what mixes tokens. */
interface Stretch {
  /** What mixes tokens, or has none. */
  before: Node[];
  /** What works token by token, and needs nothing of later stretches. */
  tokenWise: Node[];
}

/** Every node as early as what it reads allows. */
function stretches(g: Graph, tokens: string): Stretch[] {
  const found: Stretch[] = [];
  const madeIn = new Map<Value, number>();
  for (const node of g.nodes) {
    const read = valuesRead(node);
    const tokenWise = isTokenWise(g, node, tokens);
    const last = Math.max(0, ...read.map((value) => madeIn.get(value) ?? 0));
    const mixes = !tokenWise && read.some((value) => growsWith(value, tokens));
    const at = mixes ? last + 1 : last;
    while (found.length <= at) found.push({ before: [], tokenWise: [] });
    found[at][tokenWise ? "tokenWise" : "before"].push(node);
    for (const output of node.outputs) madeIn.set(output, at);
  }
  return found;
}

/** Appends nodes that work token by token, as one composite where they can be cut. */
function appendInChunks(
  g: Graph,
  nodes: Node[],
  isNeeded: (value: Value) => boolean,
  options: ChunkOptions,
): void {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const read = new Set(nodes.flatMap(valuesRead));
  const inputs = [...read].filter((value) => !made.has(value) && !g.constants.has(value));
  const outputs = [...made].filter(isNeeded);
  const isCut = ({ shape }: Value) => shape[0] === options.tokens;
  const cannotBe = (value: Value) => growsWith(value, options.tokens) && !isCut(value);
  if (!inputs.some(isCut) || [...inputs, ...outputs].some(cannotBe)) {
    g.nodes.push(...nodes);
    return;
  }
  const body = new Graph("chunk", g);
  const constants = new Map([...g.constants].filter(([value]) => read.has(value)));
  const own = inputs.map((input) => bodyInput(body, input));
  body.outputs = inline(body, { inputs, nodes, constants, outputs }, own);
  g.nodes.push(inChunks(inputs, outputs, { body, ...options }));
}

/**
 * Puts what works token by token into composites that are computed in chunks.
 *
 * @param results What of the graph is read from outside.
 */
export function gatherTokenWise(
  g: Graph,
  results: readonly Value[],
  options: ChunkOptions,
): void {
  const parts = stretches(g, options.tokens);
  g.nodes = [];
  for (const { before, tokenWise } of parts) {
    const others = parts.flatMap((part) =>
      part.tokenWise === tokenWise ? part.before : [...part.before, ...part.tokenWise]
    );
    const needed = new Set([...results, ...others.flatMap(valuesRead)]);
    g.nodes.push(...before);
    appendInChunks(g, tokenWise, (value) => needed.has(value), options);
  }
}

/** What a segment gives to whoever runs it. */
function resultsOf({ outputs, kept = {} }: SegmentParts): Value[] {
  return [...Object.values(outputs), ...Object.values(kept)];
}

/** Tokens of a chunk: as many as hide what each chunk costs beside, and few enough for caches. */
export const CHUNK_TOKENS = 1024;

/**
 * A segment that holds for a whole row only what tokens are mixed of: the rest is computed chunk by
 * chunk, and again for the gradient.
 *
 * @example What is left of a segment in which no token meets another
 * ```ts
 * import { chunked, evalGraph, rmsNorm, type Segment } from "@longpo/longpo/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const norm: Segment = {
 *   name: "norm",
 *   build(g) {
 *     const input = g.input("input", "float32", ["tokens", 8]);
 *     const weight = g.input("weight", "float32", [8]);
 *     const outputs = { hidden: rmsNorm(g, input, weight, 1e-6) };
 *     return { flowing: [input], parameters: [weight], outputs, differentiable: "hidden" };
 *   },
 * };
 * const { nodes } = evalGraph(chunked(norm, { chunkLength: 512 }));
 * assertEquals(nodes.map(({ op }) => op), ["InChunks"]);
 * ```
 */
export function chunked(
  segment: Segment,
  { chunkLength = CHUNK_TOKENS, tokens = "tokens" }: Partial<ChunkOptions> = {},
): Segment {
  return {
    name: segment.name,
    build(g) {
      const parts = segment.build(g);
      gatherTokenWise(g, resultsOf(parts), { chunkLength, tokens });
      return parts;
    },
  };
}
