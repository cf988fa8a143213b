import { named, type Stage } from "../flow/mod.ts";
import type { Scorer, TurnScores } from "../generate/scorer_types.ts";
import type { ChatModel, SequencedDocument } from "../model/mod.ts";
import type { PairRecord, PairTurn } from "./record.ts";
import { referenceHash, type ReferenceIdentity, verifyReference } from "./reference_hash.ts";
import { type Layout, sequencesOf } from "./sequence.ts";

/** By what context a reference reads a turn. */
export type ScoredContext = "short" | "long";

/** Options of {@linkcode reference}. */
export interface ReferenceOptions {
  /** The reference model. */
  scorer: Scorer;
  /**
   * The reference model as it reads long contexts: the same weights with the policy's RoPE base, if
   * it cannot read them with its own. @default {scorer}
   */
  longScorer?: Scorer;
  /** Turns conversations into the reference model's tokens. */
  model: ChatModel;
  /** `short` is LongPO's constraint, `long` plain DPO's. @default {["short"]} */
  contexts?: readonly ScoredContext[];
  /** How the long context is laid out, as in training. @default {"conversation"} */
  layout?: Layout;
  /** What happens to log-probs of another model or of other texts. @default {"recompute"} */
  foreign?: "recompute" | "refuse";
}

/**
 * A stage that fills in the reference log-probs that records lack; with no contexts it passes them on.
 *
 * @throws {UserError} While it runs, if a record's log-probs are foreign and to be refused.
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
  const { contexts = ["short"] } = options;
  if (contexts.length === 0) return { record, scored: 0 };
  const identity = identityOf(options);
  const isValid = record.referenceHash === await referenceHash(record, identity);
  const isForeign = !isValid && record.referenceHash !== "";
  if (isForeign && options.foreign === "refuse") await verifyReference(record, identity);
  let turns = isValid ? record.turns : record.turns.map(withoutReference);
  let scored = 0;
  for (const context of contexts) {
    if (turns.every(({ reference }) => reference[context] !== undefined)) continue;
    const scores = await scoreOn[context](record, options, signal);
    turns = withScores(turns, context, scores);
    scored += turns.length;
  }
  const { name } = options.scorer;
  const sampler = scored > 0 && name !== undefined
    ? { ...record.sampler, scorer: name }
    : record.sampler;
  const filled = { ...record, turns, sampler };
  return { record: { ...filled, referenceHash: await referenceHash(filled, identity) }, scored };
}

/** What the log-probs that these options give depend on. */
export function identityOf(
  { scorer, longScorer = scorer, layout = "conversation" }: ReferenceOptions,
): ReferenceIdentity {
  const { fingerprint, chatHash } = scorer;
  return { fingerprint, longFingerprint: longScorer.fingerprint, chatHash, layout };
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
  async long({ id, long, turns }, options, signal) {
    const { scorer, longScorer = scorer, model, layout = "conversation" } = options;
    const sequences = sequencesOf(model, long, turns, layout, "none");
    const [scores] = await longScorer.score([document(id, sequences)], { signal });
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
