import { ask } from "../data/mod.ts";
import type { Sampler } from "../generate/mod.ts";
import { type EvaluationItem, groupByContext } from "./item.ts";
import { answersMatch } from "./match.ts";
import { type Share, shareOf } from "./share.ts";

/** Options of {@linkcode recall}. */
export interface RecallOptions {
  /** The model that is asked. */
  sampler: Sampler;
  /** What it is asked; questions on one context are asked together, so it is computed once. */
  items: readonly EvaluationItem[];
  /** Most tokens of an answer. @default {16} */
  maxTokens?: number;
  /** Whether an answer is right. @default {answersMatch} */
  matches?: (answer: string, truth: string) => boolean;
  /** Equal parts of the context by which recall is told apart. @default {4} */
  buckets?: number;
  /** Stops between two contexts and, where the sampler can, between two tokens. */
  signal?: AbortSignal;
}

/** What {@linkcode recall} found. */
export interface Recall extends Share {
  /** Recall by the part of the context where the answer stands; only items with a position. */
  byPosition: Share[];
  /** Answers that the model did not end by itself. */
  unended: number;
}

/**
 * Asks a model questions on contexts and counts the right answers; it answers greedily.
 *
 * @example The share of right answers
 * ```ts
 * import { recall } from "@longpo/longpo/evaluate";
 * import type { Sampler } from "@longpo/longpo/generate";
 * import { assertEquals } from "@std/assert";
 *
 * const parrot: Sampler = {
 *   name: "parrot",
 *   generate: (conversations) =>
 *     Promise.resolve(
 *       conversations.map(() => ({ text: "Oslo.", tokenIds: [], logProbs: [], finish: "stop" })),
 *     ),
 * };
 * const context = "The lantern is in Oslo. The bell is in Rome.";
 * const found = await recall({
 *   sampler: parrot,
 *   items: [
 *     { context, question: "Where is the lantern?", answer: "Oslo" },
 *     { context, question: "Where is the bell?", answer: "Rome" },
 *   ],
 * });
 * assertEquals(found.recall, 0.5);
 * ```
 */
export async function recall(options: RecallOptions): Promise<Recall> {
  const { sampler, items, maxTokens = 16, matches = answersMatch, buckets = 4, signal } = options;
  const asked: EvaluationItem[] = [];
  const hits: boolean[] = [];
  let unended = 0;
  for (const group of groupByContext(items)) {
    signal?.throwIfAborted();
    const conversations = group.map(({ context, question }) => [ask(context, question)]);
    const answers = await sampler.generate(conversations, { maxTokens, temperature: 0, signal });
    group.forEach((item, index) => {
      asked.push(item);
      hits.push(matches(answers[index].text, item.answer));
      if (answers[index].finish === "length") unended++;
    });
  }
  return { ...shareOf(hits), byPosition: sharesByPosition(asked, hits, buckets), unended };
}

function sharesByPosition(
  items: readonly EvaluationItem[],
  hits: readonly boolean[],
  buckets: number,
): Share[] {
  const byBucket: boolean[][] = Array.from({ length: buckets }, () => []);
  items.forEach(({ position }, index) => {
    if (position === undefined) return;
    byBucket[Math.min(buckets - 1, Math.floor(position * buckets))].push(hits[index]);
  });
  return byBucket.map(shareOf);
}
