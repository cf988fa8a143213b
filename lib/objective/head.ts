/**
 * The head segment: hidden states to log-probs to loss.
 *
 * @module
 */

import { graphsOf, type ModelConfig, predictionInputs } from "../model/mod.ts";
import {
  add,
  matmul,
  mul,
  reduceSum,
  reshape,
  type Segment,
  sub,
  type Value,
} from "../onnx/mod.ts";
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
      // What no answer says counts in the NLL only. The loss is linear in that, so that one pass
      // gives its value and its gradient.
      const [answers, text] = logProbs(
        predictionInputs(g, "answers"),
        predictionInputs(g, "text", "text_"),
      );
      const perTurn = (mask: Value) =>
        reshape(g, matmul(g, mask, reshape(g, answers, ["answers", 1])), ["turns"]);
      const chosen = perTurn(vector("chosen", "turns", "answers"));
      const rejected = perTurn(vector("rejected", "turns", "answers"));

      const weighted = (of: Value, weight: Value) => reduceSum(g, mul(g, of, weight), [0], false);
      const nll = sub(
        g,
        g.scalar(0),
        add(
          g,
          weighted(answers, vector("nll_weight", "answers")),
          weighted(text, vector("text_nll_weight", "text")),
        ),
      );
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
