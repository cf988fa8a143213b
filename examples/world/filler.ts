import type { Random } from "@longpo/longpo/flow";
import { FILLER } from "./words.ts";

/** A sentence of random shape that states no fact of the world. */
export function fillerSentence(random: Random): string {
  const words: string[] = [];
  if (random.next() < 0.4) words.push(random.pick(FILLER.openers), "the");
  else words.push(random.pick(FILLER.articles));
  if (random.next() < 0.4) words.push(random.pick(FILLER.adjectives));
  words.push(random.pick(FILLER.subjects), random.pick(FILLER.verbs));
  const ending = random.int(3);
  if (ending === 0) words.push(random.pick(FILLER.adverbs));
  if (ending === 1) words.push(random.pick(FILLER.prepositions), "the", random.pick(FILLER.places));
  return `${words.join(" ")}.`;
}

/** All words of filler sentences, each once. */
export function fillerWords(): string[] {
  return [...new Set(["the", ...Object.values(FILLER).flat()])];
}
