import { preferenceLoss } from "./aggregation.ts";
import type { Objective } from "./objective.ts";

/** Plain DPO on the long context: the reference reads what the policy reads, and there is no NLL. */
export const dpo: Objective = {
  name: "dpo",
  reference: "long",
  nll: "none",
  usesRejected: true,
  build(g, inputs, aggregation) {
    const preference = preferenceLoss(g, inputs, aggregation);
    return { preference, loss: preference };
  },
};
