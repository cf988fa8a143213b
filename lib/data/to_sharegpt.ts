import { promptOf } from "./prompts.ts";
import type { PairRecord } from "./record.ts";

/** A message in ShareGPT's words. */
export interface ShareGptMessage {
  /** Who speaks. */
  from: "human" | "gpt";
  /** What is said. */
  value: string;
}

/** A row of a preference dataset in ShareGPT's layout, as LLaMA-Factory reads it. */
export interface ShareGptRow {
  /** The record's id and the turn's number, such as `moby-dick#2`. */
  id: string;
  /** The prompt: document and question. */
  conversations: ShareGptMessage[];
  /** The answer from the short context. */
  chosen: ShareGptMessage;
  /** The answer from the long context. */
  rejected: ShareGptMessage;
}

/** Writes a record as LLaMA-Factory reads it: a row a turn, asked on the whole document. */
export function toShareGpt(record: PairRecord): ShareGptRow[] {
  return record.turns.map(({ question, chosen, rejected }, turn) => ({
    id: `${record.id}#${turn + 1}`,
    conversations: [{ from: "human", value: promptOf(record.long, question) }],
    chosen: { from: "gpt", value: chosen },
    rejected: { from: "gpt", value: rejected },
  }));
}
