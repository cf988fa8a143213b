import { sequencesOf } from "../data/mod.ts";
import type { Scorer } from "../generate/mod.ts";
import type { ChatModel, SequencedDocument } from "../model/mod.ts";
import { type EvaluationItem, groupByContext } from "./item.ts";

/** Options of {@linkcode nll}. */
export interface NllOptions {
  /** The model that is measured. */
  scorer: Pick<Scorer, "score">;
  /** Its tokenizer and chat template. */
  model: ChatModel;
  /** True answers; those on one context are scored together, so that it is computed once. */
  items: readonly EvaluationItem[];
  /** Stops between two contexts. */
  signal?: AbortSignal;
}

/** What {@linkcode nll} found. */
export interface Nll {
  /** Mean negative log-likelihood of an answer token, in nats, the end token included. */
  nll: number;
  /** Answer tokens. */
  tokens: number;
}

/** How unlikely a model finds the true answers to questions on contexts. */
export async function nll({ scorer, model, items, signal }: NllOptions): Promise<Nll> {
  let sum = 0;
  let tokens = 0;
  for (const [index, group] of groupByContext(items).entries()) {
    signal?.throwIfAborted();
    const document = documentOf(model, group, `context ${index + 1}`);
    const [scores] = await scorer.score([document], { signal });
    for (const logProb of scores.chosen) sum -= logProb;
    for (const { turnOf } of document.sequences) {
      tokens += turnOf.filter((turn) => turn >= 0).length;
    }
  }
  return { nll: sum / tokens, tokens };
}

/** The true answers as chosen ones, each in a conversation of its own; there are no rejected ones. */
function documentOf(
  model: ChatModel,
  items: readonly EvaluationItem[],
  id: string,
): SequencedDocument {
  const { context } = items[0];
  const turns = items.map(({ question, answer }) => ({
    short: context,
    question,
    chosen: answer,
    rejected: answer,
  }));
  const sequences = sequencesOf(model, context, turns, "independent", "none")
    .filter(({ side }) => side === "chosen");
  return { id, sequences, referenceChosen: [], referenceRejected: [] };
}
