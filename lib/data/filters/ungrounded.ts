import { wordsOf } from "../words.ts";
import type { TurnFilter } from "./turn_filter.ts";

/** Words of questions that say nothing about what is asked for. */
const ASKING = new Set(
  ("what where when which whose whom does that this these those there their they with from " +
    "have been were will would could should about into text passage according author describe " +
    "explain discuss").split(" "),
);

/** Fewest letters of a word that may tell what a text is about, in scripts that have capitals. */
const SHORTEST = 4;

function isTelling(word: string): boolean {
  const hasCapitals = word !== word.toUpperCase();
  return (!hasCapitals || word.length >= SHORTEST) && !ASKING.has(word);
}

function telling(text: string): string[] {
  return wordsOf(text).filter(isTelling);
}

/**
 * A question none of whose telling words stands in the short context: the model made it up, and
 * what it answers from that context is made up too.
 */
export const ungrounded: TurnFilter = ({ short, question }) => {
  const asked = telling(question);
  const context = new Set(telling(short));
  return asked.length > 0 && !asked.some((word) => context.has(word));
};
