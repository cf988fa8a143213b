import type { TurnLogProbs } from "../objective/mod.ts";
import { floatsOf, type Tensors } from "../runtime/mod.ts";

/** What one row's forward and backward gave; sums over its documents times the scale. */
export interface RowResult {
  /** What is minimised. */
  loss: number;
  /** The NLL term, in nats a token. */
  nll: number;
  /** The preference term before its weight; absent where the objective has none. */
  preference?: number;
  /** Policy log-probs, `[turns]` each. */
  logProbs: TurnLogProbs;
}

/** Reads what the segment with the loss gave. */
export function rowResult(outputs: Tensors): RowResult {
  const scalar = (name: string) => floatsOf(outputs[name])[0];
  return {
    loss: scalar("loss"),
    nll: scalar("nll"),
    ...(outputs.preference ? { preference: scalar("preference") } : {}),
    logProbs: {
      chosen: floatsOf(outputs.logps_chosen),
      rejected: floatsOf(outputs.logps_rejected),
    },
  };
}
