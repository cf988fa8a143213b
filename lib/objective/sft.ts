import type { Objective } from "./objective.ts";

/** Supervised fine-tuning on the chosen answers with the long context. */
export const sft: Objective = {
  name: "sft",
  reference: "none",
  nll: "answers",
  usesRejected: false,
  build: (_g, { nll }) => ({ loss: nll }),
};
