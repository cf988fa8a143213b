/**
 * Gradients added to what there is of them, without a matrix in between.
 *
 * What makes a sum can mostly begin with any value instead of zero: then nothing of the weight's size is
 * held beside the buffer, and no pass over memory adds the two. Where the vocabulary is large, its
 * matrix takes more than all workspace of a layer.
 *
 * @module
 */

import { beginningPlace } from "./composites/in_chunks.ts";
import { sameShape } from "./dims.ts";
import { type Graph, type Node, type Value, valuesRead } from "./graph.ts";
import { add } from "./operators/elementwise.ts";

/** The nodes of a graph by what they give. */
type Makers = ReadonlyMap<Value, Node>;

/** Makes a node begin a sum that it gives with a value; whether it can. */
type Begin = (node: Node, sofar: Value, makers: Makers, sum: Value) => boolean;

/** An operator that adds an optional input to all else. */
function withOptional(placeOf: (node: Node, sum: Value) => number): Begin {
  return (node, sofar, _makers, sum) => {
    const place = placeOf(node, sum);
    if (node.inputs[place]) return false;
    node.inputs[place] = sofar;
    return true;
  };
}

/** By the operator that makes the sum. */
const BEGINNINGS: Readonly<Record<string, Begin>> = {
  Gemm: withOptional(() => 2),

  InChunks: withOptional(beginningPlace),

  ChunkedLogProbsGradient: withOptional(({ inputs }) => inputs.length - 1),

  ScatterElements({ inputs, attributes }, sofar, makers) {
    const ontoZeros = makers.get(inputs[0]!)?.op === "ConstantOfShape";
    if (!ontoZeros || attributes.reduction !== "add") return false;
    inputs[0] = sofar;
    return true;
  },
};

/** What is added up to a value that nothing else is made of. */
function termsOf(g: Graph, makers: Makers, sum: Value): Value[] {
  const node = makers.get(sum);
  const isSum = node?.op === "Add" &&
    node.inputs.every((input) => sameShape(input!.shape, sum.shape));
  if (!isSum) return [sum];
  return node.inputs.flatMap((input) =>
    reads(g, input!) === 1 ? termsOf(g, makers, input!) : input!
  );
}

function reads(g: Graph, value: Value): number {
  const all = [...g.nodes.flatMap(valuesRead), ...g.outputs];
  return all.filter((read) => read === value).length;
}

/**
 * `sofar + sum`, each of the sum's terms beginning with what there is before it where its operator can.
 *
 * @param sum Is not what it was afterwards, and should be read no more.
 */
export function accumulate(g: Graph, sofar: Value, sum: Value): Value {
  const makers = new Map(
    g.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  if (reads(g, sum) > 0) return add(g, sofar, sum);
  const place = (value: Value) => g.nodes.indexOf(makers.get(value)!);
  const added: Value[] = [];
  let total = sofar;
  // In the order of the nodes: each term then stands behind the one that it begins with.
  for (const term of termsOf(g, makers, sum).sort((a, b) => place(a) - place(b))) {
    const node = makers.get(term);
    if (node && reads(g, term) <= 1 && BEGINNINGS[node.op]?.(node, total, makers, term)) {
      total = term;
    } else added.push(term);
  }
  return added.reduce((total, term) => add(g, total, term), total);
}
