import { UserError } from "../flow/mod.ts";
import { type ConversationTokens, conversationTokens } from "../model/conversation.ts";
import type { ChatModel, Message, SequencedDocument, TokenSequence } from "../model/mod.ts";
import { ask } from "./prompts.ts";
import type { AnsweredTurn, PairRecord } from "./record.ts";

/**
 * How the turns of a document become sequences.
 *
 * - `conversation`: one chosen and one rejected conversation over all turns, each with its own
 *   earlier answers as history, as LongPO's released code trains.
 * - `independent`: one chosen and one rejected conversation a turn, each of the document and that
 *   question alone, as the answers were sampled.
 */
export type Layout = "conversation" | "independent";

/**
 * Which tokens of the chosen side count in the NLL term: all of them (LongPO's released code), all
 * but those of the chat template, those of answers only, or none.
 */
export type NllTokens = "all" | "no_template" | "answers" | "none";

/** Which reference log-probs go along: LongPO's, plain DPO's, or none. */
export type ReferenceContext = "short" | "long" | "none";

/** Options of {@linkcode sequence}. */
export interface SequenceOptions {
  /** How turns become sequences. @default {"conversation"} */
  layout?: Layout;
  /** Which tokens count in the NLL term. @default {"all"} */
  nll?: NllTokens;
  /** Which reference log-probs go along. @default {"short"} */
  reference?: ReferenceContext;
  /** Leaves the rejected answers out, for objectives that do not read them. @default {false} */
  chosenOnly?: boolean;
}

/** Which of a turn's answers a sequence holds. */
type Side = TokenSequence["side"];

const countsInNll: Record<NllTokens, (tokens: ConversationTokens, index: number) => boolean> = {
  all: () => true,
  no_template: ({ isText }, index) => isText[index],
  answers: ({ turnOf }, index) => turnOf[index] >= 0,
  none: () => false,
};

/**
 * Turns a record into the token sequences that training reads.
 *
 * @throws {UserError} If a turn lacks the reference log-probs that are asked for.
 */
export function sequence(
  model: ChatModel,
  record: PairRecord,
  options: SequenceOptions = {},
): SequencedDocument {
  const { layout = "conversation", nll = "all", reference = "short", chosenOnly } = options;
  const sequences = sequencesOf(model, record.long, record.turns, layout, nll);
  return {
    id: record.id,
    sequences: chosenOnly ? sequences.filter(({ side }) => side === "chosen") : sequences,
    referenceChosen: referencesOf(record, reference, "chosen"),
    referenceRejected: referencesOf(record, reference, "rejected"),
  };
}

/** The sequences of turns held on one context. */
export function sequencesOf(
  model: ChatModel,
  context: string,
  turns: readonly AnsweredTurn[],
  layout: Layout,
  nll: NllTokens,
): TokenSequence[] {
  // Conversations that hold the same turns stand side by side; `first` is their first turn.
  const conversations = layout === "conversation"
    ? [{ turns, first: 0 }]
    : turns.map((turn, first) => ({ turns: [turn], first }));
  return conversations.flatMap(({ turns, first }) =>
    (["chosen", "rejected"] as const).map((side) => {
      const tokens = conversationTokens(model, messagesOf(context, turns, side));
      return tokenSequence(tokens, side, first, nll);
    })
  );
}

/** The document and the first question, its answer, the next question, and so on. */
function messagesOf(context: string, turns: readonly AnsweredTurn[], side: Side): Message[] {
  return turns.flatMap((turn, index) => [
    index === 0 ? ask(context, turn.question) : { role: "user", content: turn.question },
    { role: "assistant", content: turn[side] },
  ]);
}

function tokenSequence(
  tokens: ConversationTokens,
  side: Side,
  firstTurn: number,
  nll: NllTokens,
): TokenSequence {
  const counts = countsInNll[side === "chosen" ? nll : "none"];
  return {
    side,
    ids: tokens.ids,
    turnOf: tokens.turnOf.map((turn) => turn < 0 ? -1 : turn + firstTurn),
    inNll: tokens.ids.map((_, index) => counts(tokens, index)),
  };
}

function referencesOf(record: PairRecord, context: ReferenceContext, side: Side): number[] {
  if (context === "none") return [];
  return record.turns.map(({ reference }, turn) => {
    const logProb = reference[context]?.[side];
    if (logProb === undefined) {
      throw new UserError(
        `Record ${record.id}, turn ${turn + 1}: no reference log-probs on the ${context} context`,
        { hint: `Let the reference stage fill in the ${context} context first` },
      );
    }
    return logProb;
  });
}
