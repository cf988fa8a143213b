import { headInputs, type PackedRow } from "../model/mod.ts";
import { floats, floatScalar, type HostTensor } from "../runtime/mod.ts";

/** An objective's numbers. */
export interface ObjectiveWeights {
  /** Strength of the constraint to the reference. */
  beta: number;
  /** Weight of the preference term. */
  lambda: number;
}

/** `[turns, predictions]`: 1 where a prediction belongs to a turn's answer of one side. */
function answerMask({ predictions, documentOfTurn }: PackedRow, rejected: 0 | 1): HostTensor {
  const { turn, rejected: side } = predictions;
  const mask = new Float32Array(documentOfTurn.length * turn.length);
  for (let at = 0; at < turn.length; at++) {
    if (turn[at] >= 0 && side[at] === rejected) mask[turn[at] * turn.length + at] = 1;
  }
  return floats(mask, [documentOfTurn.length, turn.length]);
}

/** What the head segment reads of a row, beside hidden states and parameters. */
export function objectiveInputs(
  row: PackedRow,
  weights: ObjectiveWeights,
  scale: number,
): Record<string, HostTensor> {
  const turns = row.documentOfTurn.length;
  const turnsOfDocument = new Float32Array(row.documents.length * turns);
  for (let turn = 0; turn < turns; turn++) {
    turnsOfDocument[row.documentOfTurn[turn] * turns + turn] = 1;
  }
  return {
    ...headInputs(row),
    chosen: answerMask(row, 0),
    rejected: answerMask(row, 1),
    nll_weight: floats(row.predictions.nllWeight, [row.predictions.row.length]),
    reference_chosen: floats(row.referenceChosen, [turns]),
    reference_rejected: floats(row.referenceRejected, [turns]),
    turns_of_document: floats(turnsOfDocument, [row.documents.length, turns]),
    beta: floatScalar(weights.beta),
    lambda: floatScalar(weights.lambda),
    scale: floatScalar(scale),
  };
}
