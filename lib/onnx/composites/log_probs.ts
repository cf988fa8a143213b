/**
 * Log-probabilities of given tokens, in chunks, so that the logits of a row are never held at once.
 *
 * @module
 */

import type { Graph, Node, Value } from "../graph.ts";
import { add, exp, mul, neg, sub } from "../operators/elementwise.ts";
import { gatherElements, gatherRows, scatterAddElements } from "../operators/gather.ts";
import { scatterAddRows, zerosLike } from "../operators/gather.ts";
import { lengthOf, pad, reshape, slice, unsqueeze } from "../operators/layout.ts";
import { gemm, linear } from "../operators/matmul.ts";
import type { GradientRules } from "../operators/rule.ts";
import { logSumExp } from "../operators/softmax.ts";
import { loop } from "./loop.ts";

/** Which log-probs are asked for, and in which portions. */
export interface Predictions {
  /** int64 `[predictions]`: the row of the hidden state that predicts. */
  rows: Value;
  /** int64 `[predictions]`: the token that is predicted. */
  targets: Value;
  /** int64 `[1]`: predictions a chunk. */
  chunkLength: Value;
}

/**
 * Natural log-probability of each predicted token.
 *
 * @param hidden `[tokens, hidden]`, after the final norm.
 * @param weight `[vocabulary, hidden]`
 * @returns `[predictions]`
 */
export function chunkedLogProbs(
  g: Graph,
  hidden: Value,
  weight: Value,
  { rows, targets, chunkLength }: Predictions,
): Value {
  const inputs = [hidden, weight, rows, targets, chunkLength];
  return g.node("ChunkedLogProbs", inputs, "float32", rows.shape);
}

/** The predictions cut into chunks of equal length; what is padded is cut off again. */
function chunks(g: Graph, node: Node) {
  const [hidden, weight, rows, targets, chunkLength] = node.inputs as Value[];
  const length = lengthOf(g, rows, 0);
  const one = g.ints([1]);
  const filled = g.node("Sub", [add(g, length, chunkLength), one], "int64", [1]);
  const count = g.node("Div", [filled, chunkLength], "int64", [1]);
  const missing = sub(g, mul(g, count, chunkLength), length);
  const padded = (x: Value) => pad(g, x, 0, 0, missing, "padded");
  const [allRows, allTargets] = [padded(rows), padded(targets)];

  /** Rows, targets and logits of one chunk. */
  function chunk(inner: Graph, index: Value) {
    const from = mul(inner, reshape(inner, index, [1]), chunkLength);
    const to = add(inner, from, chunkLength);
    const part = (x: Value) => slice(inner, x, 0, from, to, "chunk");
    const states = gatherRows(inner, hidden, part(allRows));
    const target = unsqueeze(inner, part(allTargets), 1);
    return { part, states, target, logits: linear(inner, states, weight) };
  }

  /** Stacked chunks as one axis, without the padding. */
  function joined(stacked: Value): Value {
    const rest = stacked.shape.slice(2);
    const lengths = g.ints([-1, ...rest.map(Number)]);
    const whole = g.node("Reshape", [stacked, lengths], "float32", ["padded", ...rest]);
    return slice(g, whole, 0, g.ints([0]), length, rows.shape[0]);
  }

  const turns = reshape(g, count, []);
  return { hidden, weight, rows, turns, padded, chunk, joined };
}

function expandForward(g: Graph, node: Node): Value[] {
  const { turns, chunk, joined } = chunks(g, node);
  const { stacked } = loop(g, turns, "chunks", [], (inner, index) => {
    const { target, logits } = chunk(inner, index);
    const chosen = reshape(inner, gatherElements(inner, logits, target), ["chunk"]);
    return { carried: [], stacked: [sub(inner, chosen, logSumExp(inner, logits))] };
  });
  return [joined(stacked[0])];
}

/** Given the forward's inputs and the gradient `[predictions]`: gradients of hidden and weight. */
function expandBackward(g: Graph, node: Node): Value[] {
  const { hidden, weight, rows, turns, padded, chunk, joined } = chunks(g, node);
  const gradient = padded(node.inputs[5]!);
  const { carried, stacked } = loop(
    g,
    turns,
    "chunks",
    [mul(g, weight, g.scalar(0))],
    (b, index, [dWeight]) => {
      const { part, states, target, logits } = chunk(b, index);
      const dy = unsqueeze(b, part(gradient), 1);
      const normaliser = unsqueeze(b, logSumExp(b, logits), 1);
      const spread = neg(b, mul(b, exp(b, sub(b, logits, normaliser)), dy));
      const dLogits = scatterAddElements(b, spread, target, dy);
      return {
        carried: [add(b, dWeight, gemm(b, dLogits, states, { transA: true }))],
        stacked: [gemm(b, dLogits, weight)],
      };
    },
  );
  return [scatterAddRows(g, zerosLike(g, hidden), rows, joined(stacked[0])), carried[0]];
}

/** The gradient of the chunked head is a composite of its own. */
export const logProbsRules: GradientRules = {
  ChunkedLogProbs(g, { inputs }, [dy]) {
    const [hidden, weight] = inputs as Value[];
    return g.nodeOf("ChunkedLogProbsGradient", [...inputs, dy], [
      { type: "float32", shape: hidden.shape },
      { type: "float32", shape: weight.shape },
    ]);
  },
};

/** Expansions of the chunked head and its gradient. */
export const logProbsComposites = {
  ChunkedLogProbs: expandForward,
  ChunkedLogProbsGradient: expandBackward,
};
