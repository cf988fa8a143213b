import type { SequencedDocument } from "../../../lib/model/sequence.ts";
import { type DenseLlama, tokenLogProbs } from "./llama.ts";
import { denseLoss, type DenseObjective } from "./loss.ts";
import { type Matrix, Tape } from "./tape.ts";

/** What documents must give: means over documents, and `[turns]` of all one after another. */
export interface DenseLearnt {
  loss: number;
  nll: number;
  /** Absent where the objective has none. */
  preference?: number;
  chosen: number[];
  rejected: number[];
  /** Of the loss, by the parameter's name. */
  gradients: Map<string, Float64Array>;
}

/** The loss of documents and its gradients, every sequence computed whole and alone. */
export function denseLearn(
  model: DenseLlama,
  documents: readonly SequencedDocument[],
  objective: DenseObjective,
): DenseLearnt {
  for (const { gradient } of model.weights.values()) gradient.fill(0);
  const scale = 1 / documents.length;
  const parts = documents.map((document) => {
    const tape = new Tape();
    const logProbs = document.sequences.map(({ ids }) => tokenLogProbs(tape, model, ids));
    const parts = denseLoss(tape, { document, logProbs }, objective);
    tape.backward(parts.loss, scale);
    return parts;
  });

  const number = (matrix: Matrix) => matrix.data[0];
  const mean = (of: readonly Matrix[]) => of.reduce((sum, x) => sum + scale * number(x), 0);
  const preferences = parts.flatMap(({ preference }) => preference ?? []);
  return {
    loss: mean(parts.map(({ loss }) => loss)),
    nll: mean(parts.map(({ nll }) => nll)),
    ...(preferences.length > 0 ? { preference: mean(preferences) } : {}),
    chosen: parts.flatMap(({ chosen }) => chosen.map(number)),
    rejected: parts.flatMap(({ rejected }) => rejected.map(number)),
    gradients: new Map(Array.from(model.weights, ([name, { gradient }]) => [name, gradient])),
  };
}
