import type { StageContext } from "../flow/mod.ts";
import { promptTokens } from "../model/conversation.ts";
import type { ChatModel } from "../model/mod.ts";
import { ask } from "./prompts.ts";
import type { DraftRecord } from "./record.ts";
import { type LeaveOut, shorten } from "./shorten.ts";
import { countWith } from "./text_tokenizer.ts";
import { TurnDrops } from "./turn_drops.ts";

/** How long a prompt may be, and what gives way. */
export interface FitOptions {
  /** Whose prompts they are. */
  model: ChatModel;
  /** Most tokens of a prompt, chat template included. */
  maxPromptTokens: number;
  /** Which part of a document that is too long is left out. */
  leaveOut: LeaveOut;
}

/**
 * Shortens the document, never a question, until every prompt of the record fits.
 *
 * All turns see the same shortened document, which the record keeps: what was sampled from is what
 * is trained on. Turns whose question leaves no room for any document are dropped; without a turn
 * left, there are none in the result.
 */
export function fitDocument(
  draft: DraftRecord,
  { model, maxPromptTokens, leaveOut }: FitOptions,
  { meter, log }: StageContext,
): DraftRecord {
  const count = countWith(model.tokenizer);
  const promptSize = (long: string, question = ""): number =>
    promptTokens(model, [ask(long, question)]).length;
  const sized = draft.turns.map((turn) => ({ turn, alone: promptSize("", turn.question) }));
  const drops = new TurnDrops(draft, meter);
  const fitting = sized.filter(({ alone }) => alone < maxPromptTokens);
  if (fitting.length < sized.length) {
    const dropped = sized.length - fitting.length;
    drops.add("question longer than the prompt", dropped);
    log.warn(`${draft.id}: ${dropped} questions leave no room in ${maxPromptTokens} tokens`);
  }
  const turns = fitting.map(({ turn }) => turn);
  const fitted = { ...draft, turns, ...drops.noted };
  if (turns.length === 0) return fitted;

  const excess = (long: string): number =>
    Math.max(...turns.map(({ question }) => promptSize(long, question))) - maxPromptTokens;
  if (excess(draft.long) <= 0) return fitted;

  let room = maxPromptTokens - Math.max(...fitting.map(({ alone }) => alone));
  let long = shorten(draft.long, room, count, leaveOut);
  while (long !== "" && excess(long) > 0) {
    // A token may span the border between document and template.
    room -= excess(long);
    long = shorten(draft.long, room, count, leaveOut);
  }
  if (long.trim() === "") return { ...fitted, turns: [] };
  meter.count("documents shortened");
  log.warn(
    `${draft.id}: left out the ${leaveOut} of the document to fit ${maxPromptTokens} tokens`,
  );
  return { ...fitted, long };
}
