/**
 * Which nodes give for each token of a row what they would give for the token alone.
 *
 * @module
 */

import type { Graph, Node, Value } from "./graph.ts";

/** Axes of a value that grow with the row. */
function rowAxes({ shape }: Value, tokens: string): number[] {
  const grows = (axis: number) => String(shape[axis]).split("*").includes(tokens);
  return [...shape.keys()].filter(grows);
}

/** Whether a value is as long as the row, along any axis. */
export function growsWith(value: Value, tokens: string): boolean {
  return rowAxes(value, tokens).length > 0;
}

/** Whether a value is one token after another: the row is along one axis, and none before is longer than 1. */
function isTokenAfterToken(value: Value, tokens: string): boolean {
  const [axis, ...more] = rowAxes(value, tokens);
  return more.length === 0 && value.shape.slice(0, axis).every((dim) => dim === 1);
}

/** What of a node beside its shapes is to be looked at. */
type Condition = (g: Graph, node: Node, tokens: string) => boolean;

const always: Condition = () => true;

/** They work along the last axis. */
const notAlongTheRow: Condition = (_g, { inputs: [x] }, tokens) =>
  !rowAxes(x!, tokens).includes(x!.shape.length - 1);

const toFixedLengths: Condition = (g, { inputs: [, lengths] }) => g.constants.has(lengths!);

/** Operators that work token by token where the row stays in place, each with what else it takes. */
const operators: Readonly<Record<string, Condition>> = {
  Add: always,
  Sub: always,
  Mul: always,
  Div: always,
  Neg: always,
  Exp: always,
  Log: always,
  Sqrt: always,
  Reciprocal: always,
  Sigmoid: always,
  Softplus: always,
  Tanh: always,
  Min: always,
  Max: always,
  SwiGlu: always,
  Identity: always,
  Gemm: always,
  MatMul: always,
  Transpose: always,
  Split: always,
  ReduceSum: always,
  ReduceMean: always,
  ReduceMax: always,
  RotaryEmbedding: always,
  SimplifiedLayerNormalization: notAlongTheRow,
  Softmax: notAlongTheRow,
  LogSoftmax: notAlongTheRow,
  Reshape: toFixedLengths,
};

/**
 * Whether a node is known to work token by token.
 *
 * What it gives must have the row along one axis, and what it reads along one at most: then no product
 * and no sum is over tokens, and no token meets another.
 *
 * @param tokens The symbol of a row's length.
 */
export function isTokenWise(g: Graph, node: Node, tokens: string): boolean {
  const read = node.inputs.filter((value) => value !== undefined);
  return Object.hasOwn(operators, node.op) &&
    node.outputs.every((value) => growsWith(value, tokens)) &&
    [...read, ...node.outputs].filter((value) => growsWith(value, tokens))
      .every((value) => isTokenAfterToken(value, tokens)) &&
    operators[node.op](g, node, tokens);
}
