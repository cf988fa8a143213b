/**
 * Log-probabilities of given tokens, in chunks, so that the logits of a row are never held at once.
 *
 * @module
 */

import type { Graph, Node, Value } from "../graph.ts";
import { add, exp, maximum, mul, neg, sub } from "../operators/elementwise.ts";
import { gatherElements, gatherRows, scatterAddElements, zerosLike } from "../operators/gather.ts";
import {
  concat,
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
 * Natural log-probabilities of predicted tokens.
 *
 * Predictions that are asked for apart, since some are needed before others have gradients, go backward
 * together: the gradient of the weight, which takes more memory than all else, is then made once.
 *
 * @param hidden `[tokens, hidden]`, after the final norm.
 * @param weight `[vocabulary, hidden]`
 * @returns `[predictions]` of each.
 */
export function chunkedLogProbs(
  g: Graph,
  hidden: Value,
  weight: Value,
  predictions: readonly Predictions[],
): Value[] {
  const inputs = predictions.flatMap((
    { rows, targets, chunkLength },
  ) => [rows, targets, chunkLength]);
  const outputs = predictions.map(({ rows: { shape } }) => ({ type: "float32" as const, shape }));
  return g.nodeOf("ChunkedLogProbs", [hidden, weight, ...inputs], outputs);
}

/** Predictions out of a composite's inputs. */
function predictionsOf(inputs: readonly Value[]): Predictions[] {
  return Array.from({ length: inputs.length / 3 }, (_, at) => {
    const [rows, targets, chunkLength] = inputs.slice(3 * at, 3 * at + 3);
    return { rows, targets, chunkLength };
  });
}

/** What predictions are made from. */
interface Head {
  hidden: Value;
  weight: Value;
}

/** Predictions cut into chunks of equal length; what is padded is cut off again. */
function chunks(g: Graph, { hidden, weight }: Head, { rows, targets, chunkLength }: Predictions) {
  // Each set of predictions has lengths of its own.
  const [padding, turning, slicing] = ["padded", "chunks", "chunk"]
    .map((what) => `${what} of ${rows.shape[0]}`);
  const length = lengthOf(g, rows, 0);
  const one = g.ints([1]);
  const filled = g.node("Sub", [add(g, length, chunkLength), one], "int64", [1]);
  const count = g.node("Div", [filled, chunkLength], "int64", [1]);
  const missing = sub(g, mul(g, count, chunkLength), length);
  const padded = (x: Value) => pad(g, x, 0, 0, missing, padding);
  const [allRows, allTargets] = [padded(rows), padded(targets)];

  /** Rows, targets and logits of one chunk. */
  function chunk(inner: Graph, index: Value) {
    const from = mul(inner, reshape(inner, index, [1]), chunkLength);
    const to = add(inner, from, chunkLength);
    const part = (x: Value) => slice(inner, x, 0, from, to, slicing);
    const states = gatherRows(inner, hidden, part(allRows));
    const target = unsqueeze(inner, part(allTargets), 1);
    return { part, states, target, logits: linear(inner, states, weight) };
  }

  /** Stacked chunks as one axis, padding included. */
  function joined(stacked: Value): Value {
    const rest = stacked.shape.slice(2);
    const lengths = g.ints([-1, ...rest.map(Number)]);
    return reshapeTo(g, stacked, lengths, [padding, ...rest]);
  }

  /** Stacked chunks as one axis, without the padding. */
  function whole(stacked: Value): Value {
    return slice(g, joined(stacked), 0, g.ints([0]), length, rows.shape[0]);
  }

  const turns = reshape(g, count, []);
  return { turns, turning, padded, chunk, joined, whole };
}

/** The chosen log-probs of a chunk, and all: `[chunk]` and `[chunk, vocabulary]`. */
function chosen(g: Graph, logits: Value, target: Value): { one: Value; all: Value } {
  const all = logSoftmax(g, logits);
  return { one: reshape(g, gatherElements(g, all, target), [target.shape[0]]), all };
}

function expandForward(g: Graph, { inputs }: Node): Value[] {
  const [hidden, weight, ...rest] = inputs as Value[];
  return predictionsOf(rest).map((predictions) => {
    const { turns, turning, chunk, whole } = chunks(g, { hidden, weight }, predictions);
    const { stacked } = loop(g, turns, turning, [], (inner, index) => {
      const { target, logits } = chunk(inner, index);
      return { carried: [], stacked: [chosen(inner, logits, target).one] };
    });
    return whole(stacked[0]);
  });
}

/** Vectors one behind the other. */
function joinedVectors(g: Graph, vectors: readonly Value[]): Value {
  return vectors.length === 1 ? vectors[0] : concat(g, vectors, 0, "joined");
}

/** All predictions as one, in the longest of the chunks. */
function together(g: Graph, all: readonly Predictions[]): Predictions {
  const longest = all.map(({ chunkLength }) => chunkLength).reduce((a, b) => maximum(g, a, b));
  return {
    rows: joinedVectors(g, all.map(({ rows }) => rows)),
    targets: joinedVectors(g, all.map(({ targets }) => targets)),
    chunkLength: longest,
  };
}

/** A vector cut where the rows of each of the predictions end. */
function apart(g: Graph, vector: Value, all: readonly Predictions[]): Value[] {
  let from = g.ints([0]);
  return all.map(({ rows }) => {
    const to = add(g, from, lengthOf(g, rows, 0));
    const part = slice(g, vector, 0, from, to, rows.shape[0]);
    from = to;
    return part;
  });
}

/**
 * Given the forward's inputs, the gradient of each of its outputs and, where there is one, what the
 * weight's gradient begins with: gradients of hidden and weight, and the log-probs, which cost nothing
 * more here.
 */
function expandBackward(g: Graph, { inputs, attributes }: Node): Value[] {
  const [hidden, weight, ...rest] = inputs.slice(0, -1) as Value[];
  const sofar = inputs.at(-1);
  const count = Number(attributes.predictions);
  const all = predictionsOf(rest.slice(0, 3 * count));
  const predictions = together(g, all);
  const head = chunks(g, { hidden, weight }, predictions);
  const { turns, turning, padded, chunk, joined, whole } = head;
  const gradient = padded(joinedVectors(g, rest.slice(3 * count)));
  const { carried, stacked } = loop(
    g,
    turns,
    turning,
    [sofar ?? zerosLike(g, weight)],
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
  const dHidden = placedRows(g, joined(stacked[0]), predictions.rows, hidden);
  return [dHidden, carried[0], ...apart(g, whole(stacked[1]), all)];
}

/** The gradient of the chunked head is a composite of its own. */
export const logProbsRules: GradientRules = {
  ChunkedLogProbs(g, { inputs, outputs }, gradients) {
    const [hidden, weight, ...rest] = inputs as Value[];
    const like = ({ shape }: Value) => ({ type: "float32" as const, shape });
    // Those that nothing is learnt from have no part in it.
    const learnt = outputs.map((output, at) => ({ output, dy: gradients[at], at }))
      .filter(({ dy }) => dy !== undefined);
    const predictions = learnt.flatMap(({ at }) => rest.slice(3 * at, 3 * at + 3));
    const [dHidden, dWeight, ...again] = g.nodeOf(
      "ChunkedLogProbsGradient",
      [hidden, weight, ...predictions, ...learnt.map(({ dy }) => dy), undefined],
      [like(hidden), like(weight), ...learnt.map(({ output }) => like(output))],
      { predictions: learnt.length },
    );
    learnt.forEach(({ output }, at) => g.twins.set(output, again[at]));
    return [dHidden, dWeight];
  },
};

/** Expansions of the chunked head and its gradient. */
export const logProbsComposites = {
  ChunkedLogProbs: expandForward,
  ChunkedLogProbsGradient: expandBackward,
};
