/**
 * How the turns of a document become one preference loss.
 *
 * @module
 */

import {
  div,
  type Graph,
  greater,
  logSigmoid,
  logSumExp,
  matmul,
  mul,
  neg,
  reduceSum,
  reshape,
  sub,
  type Value,
  where,
} from "../onnx/mod.ts";
import type { Aggregation, ObjectiveInputs } from "./objective.ts";

/** Log-probs that no sum of probabilities notices. */
const IMPOSSIBLE = -1e30;

/** `[turns]` per turn to `[documents]`: each document's sum. */
function perDocument(g: Graph, x: Value, { turnsOfDocument }: ObjectiveInputs): Value {
  const [documents, turns] = turnsOfDocument.shape;
  return reshape(g, matmul(g, turnsOfDocument, reshape(g, x, [turns, 1])), [documents]);
}

/** How far the policy moved from the reference towards chosen, a turn: `[turns]`. */
function turnMargins(g: Graph, inputs: ObjectiveInputs): Value {
  const { chosen, rejected, referenceChosen, referenceRejected } = inputs;
  return sub(g, sub(g, chosen, referenceChosen), sub(g, rejected, referenceRejected));
}

const loss = (g: Graph, margin: Value, beta: Value): Value =>
  neg(g, logSigmoid(g, mul(g, margin, beta)));

/** One sigmoid a document over the sum of its turns' margins: the released trainer. */
function sum(g: Graph, inputs: ObjectiveInputs): Value {
  return loss(g, perDocument(g, turnMargins(g, inputs), inputs), inputs.beta);
}

/** One sigmoid a turn, averaged in a document: the repository's per-turn trainer. */
function mean(g: Graph, inputs: ObjectiveInputs): Value {
  const losses = perDocument(g, loss(g, turnMargins(g, inputs), inputs.beta), inputs);
  const counts = reduceSum(g, inputs.turnsOfDocument, [1], false);
  return div(g, losses, counts);
}

/** The ratio of sums of probabilities over turns, as equation 13 of the paper prints it. */
function logsumexp(g: Graph, inputs: ObjectiveInputs): Value {
  const own = greater(g, inputs.turnsOfDocument, g.scalar(0));
  const total = (x: Value) => logSumExp(g, where(g, own, x, g.scalar(IMPOSSIBLE)));
  const ratio = (policy: Value, reference: Value) => sub(g, total(policy), total(reference));
  const margin = sub(
    g,
    ratio(inputs.chosen, inputs.referenceChosen),
    ratio(inputs.rejected, inputs.referenceRejected),
  );
  return loss(g, margin, inputs.beta);
}

const aggregations: Readonly<Record<Aggregation, (g: Graph, inputs: ObjectiveInputs) => Value>> = {
  sum,
  mean,
  logsumexp,
};

/** The names of the aggregations. */
export const aggregationNames: readonly Aggregation[] = ["sum", "mean", "logsumexp"];

/** The preference loss of a row's documents, summed: `[]`. */
export function preferenceLoss(g: Graph, inputs: ObjectiveInputs, aggregation: Aggregation): Value {
  return reduceSum(g, aggregations[aggregation](g, inputs), [0], false);
}
