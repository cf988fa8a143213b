/**
 * What computations in chunks are as ONNX operators: the body itself where the row is a single chunk,
 * and otherwise a loop around it.
 *
 * @module
 */

import { product, type Shape } from "../dims.ts";
import type { Graph, Node, Value } from "../graph.ts";
import { inline } from "../inline.ts";
import { add, div, mul, sub } from "../operators/elementwise.ts";
import { lengthOf, pad, reshape, reshapeTo, slice } from "../operators/layout.ts";
import { branch } from "./branch.ts";
import { chunkedBody } from "./in_chunks.ts";
import { loop } from "./loop.ts";

/** `a / b`, rounded up. */
function divideUp(g: Graph, a: Value, b: Value): Value {
  return div(g, sub(g, add(g, a, b), g.ints([1])), b);
}

/** Chunks of equal length one after another, but for the last, which may be shorter. */
function overChunks(g: Graph, node: Node, length: Value): Value[] {
  const { body, chunkLength, tokens } = chunkedBody(node);
  const cut = ({ shape }: Value) => shape[0] === tokens;
  const ofChunk = (shape: Shape) =>
    shape.map((dim) =>
      typeof dim === "number"
        ? dim
        : product(dim.split("*").map((part) => part === tokens ? "chunk" : part))
    );

  const count = divideUp(g, length, g.ints([chunkLength]));
  // All but as long as each other, so that little is padded.
  const most = divideUp(g, length, count);
  const sums = body.outputs.filter((output) => !cut(output));
  const { carried, stacked } = loop(
    g,
    reshape(g, count, []),
    "chunks",
    sums.map((sum) => zeros(g, sum)),
    (inner, turn, sofar) => {
      const from = mul(inner, reshape(inner, turn, [1]), most);
      const to = add(inner, from, most);
      const part = (x: Value) => cut(x) ? slice(inner, x, 0, from, to, "chunk") : x;
      const given = node.inputs.map((input) => part(input!));
      const results = inline(inner, body, given, ofChunk);
      const here = lengthOf(inner, given[body.inputs.findIndex(cut)], 0);
      const missing = sub(inner, most, here);
      return {
        carried: results.filter((_, at) => !cut(body.outputs[at]))
          .map((sum, at) => add(inner, sofar[at], sum)),
        stacked: results.filter((_, at) => cut(body.outputs[at]))
          .map((rows) => pad(inner, rows, 0, 0, missing, "most")),
      };
    },
  );

  const wholeRow = (x: Value) => {
    const [, , ...rest] = x.shape;
    const rows = reshapeTo(g, x, g.ints([-1, ...rest.map(Number)]), ["padded", ...rest]);
    return slice(g, rows, 0, g.ints([0]), length, tokens);
  };
  const rows = stacked.map(wholeRow);
  return body.outputs.map((output) => (cut(output) ? rows : carried).shift()!);
}

function zeros(g: Graph, { shape }: Value): Value {
  return g.node("ConstantOfShape", [g.ints(shape.map(Number))], "float32", shape);
}

/** Expansions of computations in chunks. */
export const inChunksComposites: Record<string, (g: Graph, node: Node) => Value[]> = {
  InChunks(g, node) {
    const { body, chunkLength, tokens } = chunkedBody(node);
    const row = node.inputs.find((input) => input!.shape[0] === tokens)!;
    const length = lengthOf(g, row, 0);
    const short = g.node("LessOrEqual", [length, g.ints([chunkLength])], "bool", [1]);
    return branch(
      g,
      short,
      (inner) => inline(inner, body, node.inputs as Value[]),
      (inner) => overChunks(inner, node, length),
    );
  },
};
