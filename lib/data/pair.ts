import { named, type Stage } from "../flow/mod.ts";
import { DEFAULT_FILTERS, reasonToDrop, type TurnFilterName } from "./filters.ts";
import type { AnsweredTurn, DraftRecord, PairRecord, PairTurn, TurnDraft } from "./record.ts";
import { type ReferenceOptions, withReferences } from "./reference.ts";
import { TurnDrops } from "./turn_drops.ts";

/** Options of {@linkcode pair}. */
export interface PairOptions {
  /**
   * Which turns are dropped, each filter by its name.
   * @default {["empty", "repetition", "refusal", "identical"]}
   */
  filters?: readonly TurnFilterName[];
  /**
   * Least confidence of the model in its answer from the short context: LongPO takes that answer
   * for the better one, which holds where the model knows it. @default {0}
   */
  minConfidence?: number;
  /** Computes reference log-probs; without it the reference stage does so later. */
  reference?: ReferenceOptions;
}

/**
 * A stage that makes finished pairs of drafts: drops turns without use, and computes the reference
 * log-probs of the others.
 *
 * Dropped turns are counted by reason; a document without a turn left is dropped.
 */
export function pair(options: PairOptions = {}): Stage<DraftRecord, PairRecord> {
  const { filters = DEFAULT_FILTERS, minConfidence = 0, reference } = options;
  return named("pair", async function* pair(source, context) {
    for await (const draft of source) {
      const drops = new TurnDrops(draft, context.meter);
      const turns = draft.turns.filter((turn): turn is TurnDraft & AnsweredTurn =>
        isKept(turn, filters, minConfidence, drops)
      ).map(pairTurn);
      if (turns.length === 0) {
        context.meter.drop("no turn left", draft);
        continue;
      }
      context.meter.count("turns", turns.length);
      const record = { ...pairRecord(draft, turns), ...drops.noted };
      yield reference === undefined
        ? record
        : (await withReferences(record, reference, context.signal)).record;
    }
  }, { filters: filters.join(" "), minConfidence, contexts: reference?.contexts?.join(" ") });
}

function isKept(
  turn: TurnDraft,
  filters: readonly TurnFilterName[],
  minConfidence: number,
  drops: TurnDrops,
): turn is AnsweredTurn {
  const isUnsure = (turn.confidence ?? 1) < minConfidence;
  const reason = !isAnswered(turn)
    ? "unanswered"
    : reasonToDrop(turn, filters) ?? (isUnsure ? "unsure" : undefined);
  if (reason !== undefined) drops.add(reason);
  return reason === undefined;
}

function isAnswered(turn: TurnDraft): turn is AnsweredTurn {
  return [turn.question, turn.chosen, turn.rejected].every((text) => text !== undefined);
}

function pairTurn({ short, question, chosen, rejected }: AnsweredTurn): PairTurn {
  return { short, question, chosen, rejected, reference: {} };
}

function pairRecord({ id, source, long, sampler }: DraftRecord, turns: PairTurn[]): PairRecord {
  return {
    id,
    source,
    long,
    turns,
    sampler: sampler ?? { name: "", seed: 0, parameters: {} },
    referenceHash: "",
  };
}
