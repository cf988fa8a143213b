import { bm25, indexOfLargest } from "../bm25.ts";
import { chunkText, type CompressMethod } from "./method.ts";

/**
 * Finds the chunk which BM25 ranks first for each question that came with the document; random
 * ones of the questions where there are more than turns.
 */
export function retrieve(): CompressMethod {
  return function retrieve(document, { turns, random, context }) {
    const questions = document.questions ?? [];
    if (questions.length === 0) return "no questions to retrieve for";
    const kept = new Set(random.shuffle(questions).slice(0, turns));
    context.meter.count("given questions left unused", questions.length - kept.size);
    const rank = bm25(document.chunks.map((chunk) => chunkText(document, chunk)));
    return questions.filter((question) => kept.delete(question)).map((question) => {
      const best = document.chunks[indexOfLargest(rank(question))];
      return { short: chunkText(document, best), question };
    });
  };
}
