import type { Scorer, TurnScores } from "../../lib/generate/scorer_types.ts";
import type { SequencedDocument } from "../../lib/model/mod.ts";
import type { DraftRecord, PairRecord } from "../../lib/data/record.ts";

/** A finished draft with two turns. */
export function finishedDraft(id = "sea"): DraftRecord {
  return {
    id,
    source: `${id}.txt`,
    long: "Ahab walks. Pip falls. The sea rolls.",
    turns: [
      {
        short: "Ahab walks.",
        question: "Who walks?",
        chosen: "Ahab walks.",
        rejected: "Pip does.",
      },
      {
        short: "Pip falls.",
        question: "Who falls?",
        chosen: "It is Pip.",
        rejected: "The sea rolls.",
      },
    ],
  };
}

/** A record with reference log-probs on the short context. */
export function pairRecord(id = "sea"): PairRecord {
  const { source, long, turns } = finishedDraft(id);
  return {
    id,
    source,
    long,
    turns: turns.map(({ short, question, chosen, rejected }, index) => ({
      short,
      question: question!,
      chosen: chosen!,
      rejected: rejected!,
      reference: { short: { chosen: -1 - index, rejected: -10 - index } },
    })),
    sampler: { name: "rules", seed: 7, parameters: {} },
    referenceHash: "",
  };
}

/**
 * A scorer with a model of one rule: a token's log-prob is minus its share of the sequence before
 * it, so that scores depend on context, answer and turn.
 */
export class PositionScorer implements Scorer {
  readonly chatHash = "chatml";
  /** Ids of the documents of each call. */
  readonly calls: string[][] = [];

  constructor(readonly fingerprint = "position") {}

  score(documents: readonly SequencedDocument[]): Promise<TurnScores[]> {
    this.calls.push(documents.map(({ id }) => id));
    return Promise.resolve(documents.map(({ sequences }) => {
      const scores: TurnScores = { chosen: [], rejected: [] };
      for (const { side, turnOf } of sequences) {
        turnOf.forEach((turn, index) => {
          if (turn >= 0) scores[side][turn] = (scores[side][turn] ?? 0) - 1 / (index + 1);
        });
      }
      return scores;
    }));
  }
}
