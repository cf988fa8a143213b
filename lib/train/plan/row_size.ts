import type { Layout, NllTokens } from "../../data/mod.ts";
import type { PackedRow } from "../../model/mod.ts";
import type { Objective } from "../../objective/mod.ts";

/** What of a row decides how much work and memory it takes. */
export interface RowSize {
  /** Tokens, what answers share counted once. */
  tokens: number;
  /** Log-probs that the head gives. */
  predictions: number;
  /** Those of answers among them, which the head computes once more: the loss is not linear in them. */
  answers: number;
  /** Pairs of a token and one that it sees. */
  pairs: number;
}

/** The size of a row. */
export function rowSize({ tokens, position, predictions }: PackedRow): RowSize {
  // A token sees its sequence's beginning and itself, wherever in the row they stand.
  const pairs = position.reduce((sum, place) => sum + place + 1, 0);
  const answers = predictions.turn.reduce((sum, turn) => turn < 0 ? sum : sum + 1, 0);
  return { tokens: tokens.length, predictions: predictions.row.length, answers, pairs };
}

/** A document that there is no text of yet. */
export interface DocumentSize {
  /** Tokens of the document. */
  documentTokens: number;
  /** Questions on it. */
  turns: number;
  /** Tokens of an answer, its end token included. */
  answerTokens: number;
  /** Tokens of a question, with what the chat template writes around it. @default {32} */
  questionTokens?: number;
  /** Turns as one conversation, or each on its own. @default {"conversation"} */
  layout?: Layout;
  /**
   * Tokens in the NLL term; those of the template are few and count along.
   * @default {the objective's own}
   */
  nll?: NllTokens;
  /** The loss. */
  objective: Objective;
}

/** The row that a document of this size makes, without making it. */
export function documentRow(document: DocumentSize): RowSize {
  const { documentTokens, turns, answerTokens, questionTokens = 32, objective } = document;
  const { layout = "conversation", nll = objective.nll } = document;
  const sides = objective.usesRejected ? 2 : 1;
  const turn = questionTokens + answerTokens;
  // Different questions are on branches; one that all branches begin with is not.
  const apart = layout === "independent" && turns > 1;
  const trunk = documentTokens + (apart ? 0 : questionTokens);
  const branch = apart ? turn : turns * turn - questionTokens;
  const branches = sides * (apart ? turns : 1);
  const seenBy = (tokens: number) => tokens * (tokens + 1) / 2;

  const answers = sides * turns * answerTokens;
  const counted = nll === "all" || nll === "no_template";
  const chosen = counted ? branches / sides * branch - turns * answerTokens : 0;
  return {
    tokens: trunk + branches * branch,
    predictions: answers + chosen + (counted ? trunk - 1 : 0),
    answers,
    pairs: seenBy(trunk) + branches * (branch * trunk + seenBy(branch)),
  };
}
