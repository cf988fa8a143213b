import type { Random, StageContext } from "../../flow/mod.ts";
import type { Sampler } from "../../generate/types.ts";
import type { ChunkedDocument, TurnDraft } from "../record.ts";
import type { StageSampling } from "../sampler_note.ts";
import type { TextTokenizer } from "../text_tokenizer.ts";

/** What a method may be made of. */
export interface CompressMethodOptions {
  /** Who summarises; `summarise` needs it. */
  sampler?: Sampler;
  /** How it does. @default {{}} */
  sampling?: Omit<StageSampling, "maxTokens">;
  /** Counts the tokens of summaries; `summarise` needs it. */
  tokenizer?: TextTokenizer;
}

/** What a method has at hand for one document. */
export interface CompressTools {
  /** Most turns wanted. */
  turns: number;
  /** Randomness of this document. */
  random: Random;
  /** Signal, log and meter. */
  context: StageContext;
}

/**
 * Makes the short contexts of a document, each the beginning of a turn; a string is the reason
 * why there are none.
 */
export type CompressMethod = (
  document: ChunkedDocument,
  tools: CompressTools,
) => TurnDraft[] | string | Promise<TurnDraft[] | string>;

/** The text of one chunk, without the white space around it. */
export function chunkText(
  document: ChunkedDocument,
  { start, end }: { start: number; end: number },
): string {
  return document.text.slice(start, end).trim();
}
