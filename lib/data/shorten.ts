import { type CountTokens, pieces } from "./pieces.ts";

/** Which part of a text that is too long is left out. */
export type LeaveOut = "middle" | "end";

/** Pieces this small leave out little more than must be. */
const FINEST = 32;

/**
 * Leaves out the middle or the end of a text, so that at most `tokens` tokens stay; it cuts
 * between paragraphs, sentences or words. Where the middle is left out, beginning and end keep
 * about the same number of tokens.
 */
export function shorten(
  text: string,
  tokens: number,
  count: CountTokens,
  leaveOut: LeaveOut,
): string {
  const all = [...pieces(text, Math.max(1, Math.min(FINEST, tokens >> 2)), count)];
  const ends = all.map(({ end }) => end);
  const starts = all.map(({ start }) => start).reverse();
  const forwards = all.map(({ tokens }) => tokens);
  const backwards = forwards.toReversed();
  let budget = tokens;
  while (budget > 0) {
    const headTokens = leaveOut === "end" ? budget : Math.ceil(budget / 2);
    const head = ends[longestRun(forwards, headTokens) - 1] ?? 0;
    const tail = leaveOut === "end"
      ? text.length
      : starts[longestRun(backwards, budget - headTokens) - 1] ?? text.length;
    const kept = head < tail ? text.slice(0, head) + text.slice(tail) : text;
    const excess = count(kept) - tokens;
    if (excess <= 0) return kept;
    // Joined pieces can have more tokens than their sum.
    budget -= excess;
  }
  return "";
}

/** How many of the first sizes have a sum of at most `budget`. */
function longestRun(sizes: readonly number[], budget: number): number {
  let left = budget;
  const end = sizes.findIndex((size) => (left -= size) < 0);
  return end < 0 ? sizes.length : end;
}
