/**
 * A small world in plain English whose truth is known: seeded documents, the facts in them, and
 * the questions and answers on those facts.
 *
 * @module
 */

import type { Random } from "@longpo/longpo/flow";
import { fillerSentence } from "./filler.ts";
import { NAMES, THINGS, TOWNS, TRADES } from "./words.ts";

/**
 * A relation of the world. The value always stands three words after its key, and the question
 * ends with the key: one fixed offset is all that a small model must learn to look things up.
 */
interface Relation {
  readonly keys: readonly string[];
  readonly values: readonly string[];
  /** The two words between key and value. */
  readonly links: readonly string[];
  /** What comes before the key in the question. */
  readonly asks: string;
}

const RELATIONS: readonly Relation[] = [
  {
    keys: THINGS,
    values: TOWNS,
    links: ["is in", "was in", "lies in", "stays in"],
    asks: "Where is the",
  },
  {
    keys: TRADES,
    values: NAMES,
    links: ["is called", "was called", "is named", "was named"],
    asks: "Who is the",
  },
];

/** How many different keys the world has. */
export const KEY_COUNT: number = RELATIONS.reduce((sum, { keys }) => sum + keys.length, 0);

/** How many different values the world has. */
export const VALUE_COUNT: number = RELATIONS.reduce((sum, { values }) => sum + values.length, 0);

/** How large a document is, and how much of the world it uses. */
export interface WorldOptions {
  /** Most tokens of the document; it ends at the last sentence that fits. */
  tokens: number;
  /** Keys in use, spread evenly over the relations. @default {96} */
  keys?: number;
  /** Values in use, spread evenly over the relations. @default {64} */
  values?: number;
  /** Share of sentences that state a fact, as long as there are keys left. @default {0.5} */
  factShare?: number;
  /** Most sentences of a paragraph. @default {6} */
  paragraph?: number;
}

/** One fact of a document; its key occurs in no other. */
export interface Fact {
  /** A thing or a trade. */
  key: string;
  /** The town it is in, or the name. */
  value: string;
  /** A question that only this fact answers. */
  question: string;
  /** The true answer; its first token is the value. */
  answer: string;
  /** First and one past the last UTF-16 index of the fact's sentence in the text. */
  start: number;
  end: number;
}

/** A document and what is true in it. */
export interface WorldDocument {
  text: string;
  /** In the order of the text. */
  facts: Fact[];
}

/** A fact on its way into a document. */
interface Statement extends Pick<Fact, "key" | "value" | "question" | "answer"> {
  readonly sentence: string;
}

/** The key that a question asks for; `undefined` where it is no question of this world. */
export function parseQuestion(text: string): string | undefined {
  const question = text.trim();
  for (const { asks, keys } of RELATIONS) {
    if (!question.startsWith(`${asks} `) || !question.endsWith("?")) continue;
    const key = question.slice(asks.length + 1, -1);
    if (keys.includes(key)) return key;
  }
  return undefined;
}

/** All statements' ingredients in random order: each key once, with a random value. */
function* statements(random: Random, keys: number, values: number): Generator<Statement> {
  const subjects = RELATIONS.flatMap((relation, index) => {
    const share = (total: number): number =>
      Math.floor(total / RELATIONS.length) + (index < total % RELATIONS.length ? 1 : 0);
    const known = relation.values.slice(0, share(values));
    return relation.keys.slice(0, share(keys)).map((key) => ({ relation, key, known }));
  });
  for (const { relation, key, known } of random.shuffle(subjects)) {
    const value = random.pick(known);
    const sentence = `The ${key} ${random.pick(relation.links)} ${value}.`;
    yield { key, value, question: `${relation.asks} ${key}?`, answer: `${value}.`, sentence };
  }
}

/** Tokens under the world's tokenizer: words, punctuation marks and blank lines. */
export function tokensOf(text: string): number {
  return text.match(/\w+|[^\s\w]|\n\n/g)?.length ?? 0;
}

/**
 * Makes a document whose facts are known.
 *
 * Every word and every punctuation mark is one token of the world's tokenizer, and so is the blank
 * line between two paragraphs.
 *
 * @throws {RangeError} If `keys` or `values` are more than the world has.
 */
export function makeDocument(random: Random, options: WorldOptions): WorldDocument {
  const { tokens, keys = KEY_COUNT, values = VALUE_COUNT, factShare = 0.5, paragraph = 6 } =
    options;
  if (keys > KEY_COUNT || values > VALUE_COUNT) {
    throw new RangeError(
      `The world has ${KEY_COUNT} keys and ${VALUE_COUNT} values, not ${keys} and ${values}.`,
    );
  }
  const untold = statements(random, keys, values);
  const facts: Fact[] = [];
  let text = "";
  let used = 0;
  let untilBreak = 1 + random.int(paragraph);
  while (true) {
    const told = random.next() < factShare
      ? untold.next().value as Statement | undefined
      : undefined;
    const sentence = told?.sentence ?? fillerSentence(random);
    const breaks = text !== "" && untilBreak === 0;
    used += tokensOf(sentence) + (breaks ? 1 : 0);
    if (used > tokens) return { text, facts };
    if (text !== "") text += breaks ? "\n\n" : " ";
    untilBreak = breaks ? random.int(paragraph) : untilBreak - 1;
    if (told !== undefined) {
      const { sentence: _, ...fact } = told;
      facts.push({ ...fact, start: text.length, end: text.length + sentence.length });
    }
    text += sentence;
  }
}

/** All words and marks of facts and questions, each once. */
export function grammarWords(): string[] {
  const sentences = RELATIONS.flatMap(({ keys, values, links, asks }) => [
    ...keys,
    ...values,
    ...links,
    asks,
  ]);
  return [...new Set(["The", ...sentences.flatMap((text) => text.split(" "))])];
}
