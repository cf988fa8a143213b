import { wordsOf } from "./words.ts";

/** Saturation of a word's count, and how much length is punished: the usual values. */
const K1 = 1.2;
const B = 0.75;

/**
 * Scores each text for a query by BM25: higher is better, 0 is no word in common.
 *
 * Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with
 * the inverse document frequency `ln(1 + (N - n + 0.5) / (n + 0.5))`, which is never negative.
 *
 * @example Find the text a question is about
 * ```ts
 * import { bm25 } from "@longpo/longpo/data";
 *
 * const rank = bm25(["The cat sleeps.", "A whale dives deep."]);
 * console.log(rank("How deep does the whale dive?")); // the second score is the larger
 * ```
 */
export function bm25(texts: readonly string[]): (query: string) => number[] {
  const counts = texts.map(countWords);
  const lengths = counts.map((count) => sum(count.values()));
  const meanLength = sum(lengths) / texts.length;
  return function rank(query: string): number[] {
    const scores = texts.map(() => 0);
    for (const word of new Set(wordsOf(query))) {
      const holders = counts.filter((count) => count.has(word)).length;
      const rarity = Math.log(1 + (texts.length - holders + 0.5) / (holders + 0.5));
      counts.forEach((count, index) => {
        const times = count.get(word) ?? 0;
        const length = 1 - B + B * lengths[index] / meanLength;
        if (times > 0) scores[index] += rarity * times * (K1 + 1) / (times + K1 * length);
      });
    }
    return scores;
  };
}

/** The index of the largest score; the first where several are largest. */
export function indexOfLargest(scores: readonly number[]): number {
  return scores.reduce((best, score, index) => score > scores[best] ? index : best, 0);
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
