import { group, type StageContext } from "../flow/mod.ts";
import type { Generation, Sampler } from "../generate/types.ts";
import type { Message } from "../model/mod.ts";
import type { DraftRecord } from "./record.ts";
import type { StageSampling } from "./sampler_note.ts";
import { samplerSeed } from "./seeds.ts";

/** Options of every stage that lets a model write. */
export interface SampledStageOptions {
  /** Who writes. */
  sampler: Sampler;
  /** How it does. */
  sampling: StageSampling;
  /**
   * Documents whose conversations go to the sampler in one call; all turns of a document always
   * do. Texts do not depend on it, as samplers draw by seed and prompt. @default {1}
   */
  documentsPerCall?: number;
}

/** A draft with the sampler's answers to what was asked about it. */
export interface AnsweredDraft {
  draft: DraftRecord;
  answers: Generation[];
}

/**
 * Asks the sampler about drafts, several documents a call, and gives each draft its answers.
 *
 * Drafts about which nothing is asked go on with no answers; their order stays.
 */
export async function* askAbout(
  drafts: AsyncIterable<DraftRecord>,
  stage: string,
  conversationsOf: (draft: DraftRecord) => Message[][],
  { sampler, sampling, documentsPerCall = 1 }: SampledStageOptions,
  context: StageContext,
): AsyncGenerator<AnsweredDraft> {
  const together = group<DraftRecord>({ count: documentsPerCall });
  for await (const documents of together(drafts, context)) {
    const asked = documents.map(conversationsOf);
    const conversations = asked.flat();
    // The record's part in the seed is its prompt: whoever shares a call gets the same text.
    const seed = samplerSeed(context.seed, stage);
    const answers = conversations.length === 0 ? [] : await sampler.generate(
      conversations,
      { ...sampling, seed, signal: context.signal },
    );
    context.meter.count("answers", answers.length);
    const sizes = answers.map(({ newTokens, tokenIds }) => newTokens ?? tokenIds.length);
    context.meter.count("tokens", sizes.reduce((sum, size) => sum + size, 0));
    const ended = (how: Generation["finish"]) =>
      answers.filter(({ finish }) => finish === how).length;
    const [cutOff, inLoops] = [ended("length"), ended("loop")];
    if (cutOff > 0) context.meter.count("answers cut at maxTokens", cutOff);
    if (inLoops > 0) context.meter.count("answers ended in a loop", inLoops);
    let next = 0;
    for (const [index, draft] of documents.entries()) {
      yield { draft, answers: answers.slice(next, next += asked[index].length) };
    }
  }
}
