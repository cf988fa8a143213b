import type { Message } from "../model/mod.ts";
import { ask } from "./prompts.ts";
import type { PairRecord } from "./record.ts";

/** A row of a conversational preference dataset with an explicit prompt, as TRL reads it. */
export interface TrlRow {
  /** The record's id and the turn's number, such as `moby-dick#2`. */
  prompt_id: string;
  /** Document and question, as a user's turn. */
  prompt: Message[];
  /** The answer from the short context, as an assistant's turn. */
  chosen: Message[];
  /** The answer from the long context, as an assistant's turn. */
  rejected: Message[];
}

/**
 * Writes a record as TRL reads it: a row a turn, the question asked on the whole document.
 *
 * Reference log-probs stay behind: TRL's reference reads the same prompt as its policy, which is
 * plain DPO.
 */
export function toTrl(record: PairRecord): TrlRow[] {
  return record.turns.map(({ question, chosen, rejected }, turn) => ({
    prompt_id: `${record.id}#${turn + 1}`,
    prompt: [ask(record.long, question)],
    chosen: [{ role: "assistant", content: chosen }],
    rejected: [{ role: "assistant", content: rejected }],
  }));
}
