import { named, type Stage } from "../flow/mod.ts";
import type { Scorer, TurnScores } from "../generate/scorer_types.ts";
import type { ChatModel, SequencedDocument } from "../model/mod.ts";
import type { PairRecord, PairTurn } from "./record.ts";
import { referenceHash } from "./reference_hash.ts";
import { type Layout, sequencesOf } from "./sequence.ts";

/** By what context a reference reads a turn. */
export type ScoredContext = "short" | "long";

/** Options of {@linkcode reference}. */
export interface ReferenceOptions {
  /** The reference model. */
  scorer: Scorer;
  /** Turns conversations into the reference model's tokens. */
  model: ChatModel;
  /** `short` is LongPO's constraint, `long` plain DPO's. @default {["short"]} */
  contexts?: readonly ScoredContext[];
  /** How the long context is laid out, as in training. @default {"conversation"} */
  layout?: Layout;
}

/**
 * A stage that fills in the reference log-probs that records lack.
 *
 * Log-probs of another reference model, or of other texts, are computed anew.
 */
export function reference(options: ReferenceOptions): Stage<PairRecord, PairRecord> {
  return named("reference", async function* reference(source, context) {
    for await (const record of source) {
      const { record: filled, scored } = await withReferences(record, options, context.signal);
      context.meter.count("turns scored", scored);
      yield filled;
    }
  }, { contexts: options.contexts?.join(" "), layout: options.layout });
}

/** A record with its reference log-probs, and how many of them were computed for it. */
export async function withReferences(
  record: PairRecord,
  options: ReferenceOptions,
  signal?: AbortSignal,
): Promise<{ record: PairRecord; scored: number }> {
  const { scorer, contexts = ["short"], layout = "conversation" } = options;
  const identity = { fingerprint: scorer.fingerprint, chatHash: scorer.chatHash, layout };
  const isValid = record.referenceHash === await referenceHash(record, identity);
  let turns = isValid ? record.turns : record.turns.map(withoutReference);
  let scored = 0;
  for (const context of contexts) {
    if (turns.every(({ reference }) => reference[context] !== undefined)) continue;
    const scores = await scoreOn[context](record, options, signal);
    turns = withScores(turns, context, scores);
    scored += turns.length;
  }
  const filled = { ...record, turns };
  return { record: { ...filled, referenceHash: await referenceHash(filled, identity) }, scored };
}

type Score = (
  record: PairRecord,
  options: ReferenceOptions,
  signal?: AbortSignal,
) => Promise<TurnScores>;

const scoreOn: Record<ScoredContext, Score> = {
  /** Every turn is a short conversation of its own. */
  async short({ id, turns }, { scorer, model }, signal) {
    const documents = turns.map((turn, index) =>
      document(
        `${id}, turn ${index + 1}`,
        sequencesOf(model, turn.short, [turn], "independent", "none"),
      )
    );
    const scores = await scorer.score(documents, { signal });
    return {
      chosen: scores.map(({ chosen }) => chosen[0]),
      rejected: scores.map(({ rejected }) => rejected[0]),
    };
  },
  /** The turns as training lays them out. */
  async long({ id, long, turns }, { scorer, model, layout = "conversation" }, signal) {
    const sequences = sequencesOf(model, long, turns, layout, "none");
    const [scores] = await scorer.score([document(id, sequences)], { signal });
    return scores;
  },
};

function document(id: string, sequences: SequencedDocument["sequences"]): SequencedDocument {
  return { id, sequences, referenceChosen: [], referenceRejected: [] };
}

function withoutReference(turn: PairTurn): PairTurn {
  return { ...turn, reference: {} };
}

function withScores(
  turns: readonly PairTurn[],
  context: ScoredContext,
  { chosen, rejected }: TurnScores,
): PairTurn[] {
  return turns.map((turn, index) => ({
    ...turn,
    reference: {
      ...turn.reference,
      [context]: { chosen: chosen[index], rejected: rejected[index] },
    },
  }));
}
