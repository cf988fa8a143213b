/**
 * What computations in chunks are as ONNX operators: the body itself where the row is a single chunk,
 * and otherwise a loop around it.
 *
 * @module
 */

import { accumulate } from "../accumulate.ts";
import { product, type Shape } from "../dims.ts";
import type { Graph, Node, Value } from "../graph.ts";
import { inline } from "../inline.ts";
import { lessOrEqual } from "../operators/compare.ts";
import { add, div, mul, sub } from "../operators/elementwise.ts";
import { lengthOf, pad, reshape, reshapeTo, slice } from "../operators/layout.ts";
import { branch } from "./branch.ts";
import { type ChunkedNode, chunkedNode } from "./in_chunks.ts";
import { loop } from "./loop.ts";

/** `a / b`, rounded up. */
function divideUp(g: Graph, a: Value, b: Value): Value {
  return div(g, sub(g, add(g, a, b), g.ints([1])), b);
}

function zeros(g: Graph, { shape }: Value): Value {
  return g.node("ConstantOfShape", [g.ints(shape.map(Number))], "float32", shape);
}

/** Adds what there is of each sum already. */
function begun(g: Graph, sums: readonly Value[], sofar: readonly (Value | undefined)[]): Value[] {
  return sums.map((sum, at) => sofar[at] ? accumulate(g, sofar[at], sum) : sum);
}

/** The shape that a row's value has in a chunk. */
function inChunk(shape: Shape, tokens: string): Shape {
  const shorter = (dim: string) =>
    product(dim.split("*").map((part) => part === tokens ? "chunk" : part));
  return shape.map((dim) => typeof dim === "string" ? shorter(dim) : dim);
}

/** Chunks one after another, all of one length but for the last, which may be shorter. */
function overChunks(g: Graph, node: ChunkedNode, length: Value): Value[] {
  const { body, given, beginnings, chunkLength, tokens } = node;
  const isRow = ({ shape }: Value) => shape[0] === tokens;
  const rows = <T>(results: readonly T[]) => results.filter((_, at) => isRow(body.outputs[at]));
  const sums = <T>(results: readonly T[]) => results.filter((_, at) => !isRow(body.outputs[at]));

  const count = divideUp(g, length, g.ints([chunkLength]));
  // No longer than it takes, so that little of the last is missing.
  const full = divideUp(g, length, count);
  const starts = sums(body.outputs).map((sum, at) => sums(beginnings)[at] ?? zeros(g, sum));
  const turns = reshape(g, count, []);
  const { carried, stacked } = loop(g, turns, "chunks", starts, (inner, turn, sofar) => {
    const from = mul(inner, reshape(inner, turn, [1]), full);
    const to = add(inner, from, full);
    const parts = given.map((x) => isRow(x) ? slice(inner, x, 0, from, to, "chunk") : x);
    const missing = sub(inner, full, lengthOf(inner, parts.find((_, at) => isRow(given[at]))!, 0));
    const results = inline(inner, body, parts, (shape) => inChunk(shape, tokens));
    return {
      carried: begun(inner, sums(results), sofar),
      stacked: rows(results).map((x) => pad(inner, x, 0, 0, missing, "full chunk")),
    };
  });

  const whole = stacked.map((chunks) => {
    const [, , ...rest] = chunks.shape;
    const padded = reshapeTo(g, chunks, g.ints([-1, ...rest.map(Number)]), ["padded", ...rest]);
    return slice(g, padded, 0, g.ints([0]), length, tokens);
  });
  return body.outputs.map((output) => (isRow(output) ? whole : carried).shift()!);
}

/** Expansions of computations in chunks. */
export const inChunksComposites: Record<string, (g: Graph, node: Node) => Value[]> = {
  InChunks(g, node) {
    const chunked = chunkedNode(node);
    const { body, given, beginnings, chunkLength, tokens } = chunked;
    const length = lengthOf(g, given.find(({ shape }) => shape[0] === tokens)!, 0);
    const isShort = lessOrEqual(g, length, g.ints([chunkLength]));
    return branch(
      g,
      isShort,
      (inner) => begun(inner, inline(inner, body, given), beginnings),
      (inner) => overChunks(inner, chunked, length),
    );
  },
};
