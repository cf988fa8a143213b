import { UserError } from "../../flow/mod.ts";
import { packChunks } from "../pack_chunks.ts";
import { askForSummary } from "../prompts.ts";
import type { TurnDraft } from "../record.ts";
import { samplerSeed } from "../seeds.ts";
import { countWith } from "../text_tokenizer.ts";
import { chunkText, type CompressMethod, type CompressMethodOptions } from "./method.ts";

/** A summary has at most this share of a chunk's tokens, so that every round makes less text. */
const SHARE = 1 / 4;

/** English words a token, roughly: the model is told words, and tokens are what is cut. */
const WORDS_PER_TOKEN = 0.7;

/**
 * Lets the model summarise the chunks, and the summaries again until they fit in one chunk.
 *
 * Every turn of the document gets the same summary; questions that came with it are kept.
 *
 * @throws {UserError} Without a sampler and a tokenizer.
 */
export function summarise(options: CompressMethodOptions): CompressMethod {
  const { sampler, tokenizer, sampling } = options;
  if (sampler === undefined || tokenizer === undefined) {
    throw new UserError("Cannot summarise documents without a sampler and a tokenizer", {
      hint: 'Give both, or take the method "pick", which needs neither',
    });
  }
  const count = countWith(tokenizer);
  return async function summarise(document, { turns, context }) {
    const limit = Math.max(...document.chunks.map(({ tokens }) => tokens));
    const maxTokens = Math.max(1, Math.floor(limit * SHARE));
    const words = Math.ceil(maxTokens * WORDS_PER_TOKEN);
    let texts = document.chunks.map((chunk) => chunkText(document, chunk));
    let size = document.tokens;
    do {
      const answers = await sampler.generate(
        texts.map((text) => [askForSummary(text, words)]),
        {
          ...sampling,
          maxTokens,
          seed: samplerSeed(context.seed, "summarise"),
          signal: context.signal,
        },
      );
      context.meter.count("summaries", answers.length);
      const joined = answers.map(({ text }) => text.trim()).join("\n\n").trim();
      const joinedSize = count(joined);
      if (joined === "") return "empty summary";
      if (joinedSize >= size) return "summary not shorter than its text";
      size = joinedSize;
      texts = packChunks(joined, limit, count).map(({ start, end }) => joined.slice(start, end));
    } while (texts.length > 1);
    const questions: (string | undefined)[] = document.questions ?? Array(turns).fill(undefined);
    return questions.slice(0, turns).map((question): TurnDraft => ({ short: texts[0], question }));
  };
}
