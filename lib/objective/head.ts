/**
 * The head segment: hidden states to log-probs to loss.
 *
 * @module
 */

import { graphsOf, type ModelConfig } from "../model/mod.ts";
import { matmul, mul, neg, reduceSum, reshape, type Segment, type Value } from "../onnx/mod.ts";
import type { Aggregation, Objective } from "./objective.ts";

/**
 * The last segment of a model's chain: final norm, head matrix and the objective.
 *
 * The loss is summed over the row's documents and multiplied by the input `scale`, which is one
 * over the number of documents of the whole step, so that how documents are packed in rows changes
 * nothing.
 */
export function headSegment(
  config: ModelConfig,
  objective: Objective,
  aggregation: Aggregation,
): Segment {
  return {
    name: "head",
    build(g) {
      const { input, parameters, logProbs } = graphsOf(config).head(g, config);
      const vector = (name: string, ...shape: string[]) => g.input(name, "float32", shape);
      const column = reshape(g, logProbs, ["predictions", 1]);
      const perTurn = (mask: Value) => reshape(g, matmul(g, mask, column), ["turns"]);
      const chosen = perTurn(vector("chosen", "turns", "predictions"));
      const rejected = perTurn(vector("rejected", "turns", "predictions"));
      const weighted = mul(g, logProbs, vector("nll_weight", "predictions"));
      const nll = neg(g, reduceSum(g, weighted, [0], false));
      const inputs = {
        chosen,
        rejected,
        nll,
        referenceChosen: vector("reference_chosen", "turns"),
        referenceRejected: vector("reference_rejected", "turns"),
        turnsOfDocument: vector("turns_of_document", "documents", "turns"),
        beta: vector("beta"),
        lambda: vector("lambda"),
      };
      const { loss, preference } = objective.build(g, inputs, aggregation);
      const scale = vector("scale");
      const outputs = {
        loss: mul(g, loss, scale),
        nll: mul(g, nll, scale),
        logps_chosen: chosen,
        logps_rejected: rejected,
        ...(preference ? { preference: mul(g, preference, scale) } : {}),
      };
      return { flowing: [input], parameters, outputs, differentiable: "loss" };
    },
  };
}
