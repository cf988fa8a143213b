import type { TurnFilter } from "./turn_filter.ts";
import { wordsOf } from "../words.ts";

/** Shares of repeated words above which LongPO's released data scripts drop a turn. */
const MOST_REPEATED_CHOSEN = 0.9;
const MOST_REPEATED_REJECTED = 0.95;

/** A loop is at least this many times the same words... */
const FEWEST_ROUNDS = 3;
/** ...over at least this many words, or over the whole answer. */
const FEWEST_LOOP_WORDS = 12;

/** An answer that says the same words again and again, or that ends in a loop. */
export const repetition: TurnFilter = ({ chosen, rejected }) =>
  repeats(wordsOf(chosen), MOST_REPEATED_CHOSEN) ||
  repeats(wordsOf(rejected), MOST_REPEATED_REJECTED);

function repeats(words: readonly string[], mostRepeated: number): boolean {
  return repeatedShare(words) > mostRepeated || endsInLoop(words);
}

/** Share of the words that occur more than once. */
function repeatedShare(words: readonly string[]): number {
  const times = new Map<string, number>();
  for (const word of words) times.set(word, (times.get(word) ?? 0) + 1);
  const repeated = words.filter((word) => times.get(word)! > 1).length;
  return words.length === 0 ? 0 : repeated / words.length;
}

/**
 * Whether the last words are one phrase over and over.
 *
 * The prefix function of Knuth, Morris and Pratt over the reversed words gives the period of every
 * tail in linear time.
 */
function endsInLoop(words: readonly string[]): boolean {
  const reversed = words.toReversed();
  const border = new Array<number>(reversed.length).fill(0);
  for (let last = 1; last < reversed.length; last++) {
    let length = border[last - 1];
    while (length > 0 && reversed[last] !== reversed[length]) length = border[length - 1];
    if (reversed[last] === reversed[length]) length++;
    border[last] = length;
    const tail = last + 1;
    const rounds = tail / (tail - length);
    const isLong = tail >= FEWEST_LOOP_WORDS || tail === reversed.length;
    if (rounds >= FEWEST_ROUNDS && isLong) return true;
  }
  return false;
}
