/**
 * Log-probabilities of given tokens, in chunks, so that the logits of a row are never held at once.
 *
 * @module
 */

import type { Graph, Node, Value } from "../graph.ts";
import { add, exp, mul, neg, sub } from "../operators/elementwise.ts";
import { gatherElements, gatherRows, scatterAddElements, zerosLike } from "../operators/gather.ts";
import {
  expand,
  lengthOf,
  pad,
  reshape,
  reshapeTo,
  shapeOf,
  slice,
  unsqueeze,
} from "../operators/layout.ts";
import { gemm, linear } from "../operators/matmul.ts";
import type { GradientRules } from "../operators/rule.ts";
import { logSoftmax } from "../operators/softmax.ts";
import { loop } from "./loop.ts";
import { placedRows } from "./placed_rows.ts";

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

  /** Stacked chunks as one axis, padding included. */
  function joined(stacked: Value): Value {
    const rest = stacked.shape.slice(2);
    const lengths = g.ints([-1, ...rest.map(Number)]);
    return reshapeTo(g, stacked, lengths, ["padded", ...rest]);
  }

  /** Stacked chunks as one axis, without the padding. */
  function whole(stacked: Value): Value {
    return slice(g, joined(stacked), 0, g.ints([0]), length, rows.shape[0]);
  }

  const turns = reshape(g, count, []);
  return { hidden, weight, rows, turns, padded, chunk, joined, whole };
}

/** The chosen log-probs of a chunk, and all: `[chunk]` and `[chunk, vocabulary]`. */
function chosen(g: Graph, logits: Value, target: Value): { one: Value; all: Value } {
  const all = logSoftmax(g, logits);
  return { one: reshape(g, gatherElements(g, all, target), ["chunk"]), all };
}

function expandForward(g: Graph, node: Node): Value[] {
  const { turns, chunk, whole } = chunks(g, node);
  const { stacked } = loop(g, turns, "chunks", [], (inner, index) => {
    const { target, logits } = chunk(inner, index);
    return { carried: [], stacked: [chosen(inner, logits, target).one] };
  });
  return [whole(stacked[0])];
}

/**
 * Given the forward's inputs, the gradient `[predictions]` and, where there is one, what the weight's
 * gradient begins with: gradients of hidden and weight, and the log-probs, which cost nothing more here.
 */
function expandBackward(g: Graph, node: Node): Value[] {
  const { hidden, weight, rows, turns, padded, chunk, joined, whole } = chunks(g, node);
  const gradient = padded(node.inputs[5]!);
  const { carried, stacked } = loop(
    g,
    turns,
    "chunks",
    [node.inputs[6] ?? zerosLike(g, weight)],
    (b, index, [dw]) => {
      const { part, states, target, logits } = chunk(b, index);
      const { one, all } = chosen(b, logits, target);
      // What is chosen falls short of certainty: minus the gradient of a log-prob by its logits.
      const less = expand(b, b.scalar(-1), shapeOf(b, target), target.shape);
      const missing = scatterAddElements(b, exp(b, all), target, less);
      const dy = neg(b, unsqueeze(b, part(gradient), 1));
      return {
        carried: [gemm(b, missing, mul(b, states, dy), { transA: true, plus: dw })],
        stacked: [mul(b, gemm(b, missing, weight), dy), one],
      };
    },
  );
  const dHidden = placedRows(g, joined(stacked[0]), rows, hidden);
  return [dHidden, carried[0], whole(stacked[1])];
}

/** The gradient of the chunked head is a composite of its own. */
export const logProbsRules: GradientRules = {
  ChunkedLogProbs(g, { inputs, outputs }, [dy]) {
    const like = ({ shape }: Value) => ({ type: "float32" as const, shape });
    const [hidden, weight] = inputs as Value[];
    const results = [like(hidden), like(weight), like(outputs[0])];
    const [dHidden, dWeight, again] = g.nodeOf(
      "ChunkedLogProbsGradient",
      [...inputs, dy],
      results,
    );
    g.twins.set(outputs[0], again);
    return [dHidden, dWeight];
  },
};

/** Expansions of the chunked head and its gradient. */
export const logProbsComposites = {
  ChunkedLogProbs: expandForward,
  ChunkedLogProbsGradient: expandBackward,
};
