import { add, mul } from "../onnx/mod.ts";
import { preferenceLoss } from "./aggregation.ts";
import type { Objective } from "./objective.ts";

/**
 * LongPO: preference with the short-to-long constraint, plus NLL on the chosen sequence.
 *
 * `lambda * preference + nll` (equations 12 to 14 of the paper; the weight is on the preference
 * term, as in the released code). Both reference log-probs are conditioned on the short context.
 */
export const longpo: Objective = {
  name: "longpo",
  reference: "short",
  nll: "all",
  usesRejected: true,
  build(g, inputs, aggregation) {
    const preference = preferenceLoss(g, inputs, aggregation);
    return { preference, loss: add(g, mul(g, preference, inputs.lambda), inputs.nll) };
  },
};
