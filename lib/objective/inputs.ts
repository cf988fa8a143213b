import { headInputs, type PackedRow } from "../model/mod.ts";
import { floats, floatScalar, type HostTensor } from "../runtime/mod.ts";

/** An objective's numbers. */
export interface ObjectiveWeights {
  /** Strength of the constraint to the reference. */
  beta: number;
  /** Weight of the preference term. */
  lambda: number;
}

/** Some of a row's predictions. */
interface Part {
  row: number[];
  target: number[];
  turn: number[];
  rejected: number[];
  nllWeight: number[];
}

/** The predictions that answers are made of, and the others. */
function parts({ predictions }: PackedRow): { answers: Part; text: Part } {
  const empty = (): Part => ({ row: [], target: [], turn: [], rejected: [], nllWeight: [] });
  const [answers, text] = [empty(), empty()];
  for (let at = 0; at < predictions.row.length; at++) {
    const part = predictions.turn[at] < 0 ? text : answers;
    for (const mark of Object.keys(part) as (keyof Part)[]) part[mark].push(predictions[mark][at]);
  }
  return { answers, text };
}

/** `[turns, answers]`: 1 where a prediction belongs to a turn's answer of one side. */
function answerMask({ turn, rejected }: Part, turns: number, side: 0 | 1): HostTensor {
  const mask = new Float32Array(turns * turn.length);
  for (let at = 0; at < turn.length; at++) {
    if (rejected[at] === side) mask[turn[at] * turn.length + at] = 1;
  }
  return floats(mask, [turns, turn.length]);
}

/** What the head segment reads of a row, beside hidden states and parameters. */
export function objectiveInputs(
  row: PackedRow,
  weights: ObjectiveWeights,
  scale: number,
): Record<string, HostTensor> {
  const { answers, text } = parts(row);
  const vector = (numbers: number[]) => floats(Float32Array.from(numbers), [numbers.length]);
  const turns = row.documentOfTurn.length;
  const turnsOfDocument = new Float32Array(row.documents.length * turns);
  for (let turn = 0; turn < turns; turn++) {
    turnsOfDocument[row.documentOfTurn[turn] * turns + turn] = 1;
  }
  return {
    ...headInputs(answers),
    ...headInputs(text, "text_"),
    chosen: answerMask(answers, turns, 0),
    rejected: answerMask(answers, turns, 1),
    nll_weight: vector(answers.nllWeight),
    text_nll_weight: vector(text.nllWeight),
    reference_chosen: floats(row.referenceChosen, [turns]),
    reference_rejected: floats(row.referenceRejected, [turns]),
    turns_of_document: floats(turnsOfDocument, [row.documents.length, turns]),
    beta: floatScalar(weights.beta),
    lambda: floatScalar(weights.lambda),
    scale: floatScalar(scale),
  };
}
