/**
 * What the world's model is taught: to recall the values of keys, to answer questions on a text,
 * and to ask them.
 *
 * @module
 */

import type { Random } from "@longpo/longpo/flow";
import { type Fact, makeDocument, type WorldOptions } from "./grammar.ts";
import { ASK_INSTRUCTION } from "./instruction.ts";

/**
 * One request after a document and the reply that is right.
 *
 * - `recall`: plain text, no chat: a key, and its value as the very next word. It is what the
 *   lookup is learned from; a question's key stands too far from its answer for a first lesson.
 * - `answer`: a question as a user's turn, and its answer as the assistant's.
 * - `ask`: {@linkcode ASK_INSTRUCTION} as a user's turn, and a question as the assistant's.
 */
export interface Exercise {
  kind: "recall" | "answer" | "ask";
  request: string;
  reply: string;
}

/** A document and exercises on it; each stands on its own, as a branch of the document's trunk. */
export interface Lesson {
  document: string;
  /** The document's facts, in order. */
  facts: Fact[];
  exercises: Exercise[];
}

/** What a lesson is made of: most exercises of each kind; those of a kind differ in their facts. */
export interface LessonOptions extends WorldOptions {
  /** @default {0} */
  recalls?: number;
  /** @default {0} */
  answers?: number;
  /** @default {0} */
  asks?: number;
}

/** Makes a lesson on a fresh document; one without facts has no exercises. */
export function makeLesson(random: Random, options: LessonOptions): Lesson {
  const { recalls = 0, answers = 0, asks = 0 } = options;
  const { text, facts } = makeDocument(random, options);
  const some = (count: number, exercise: (fact: Fact) => Exercise): Exercise[] =>
    random.shuffle(facts).slice(0, count).map(exercise);
  const exercises = [
    ...some(recalls, ({ key, value }) => ({
      kind: "recall",
      request: ` ${key}`,
      reply: ` ${value}`,
    })),
    ...some(answers, ({ question, answer }) => ({
      kind: "answer",
      request: question,
      reply: answer,
    })),
    ...some(asks, ({ question }) => ({ kind: "ask", request: ASK_INSTRUCTION, reply: question })),
  ];
  return { document: text, facts, exercises };
}

/** The user's turn in which a document and a request on it stand. */
export function promptOf(document: string, request: string): string {
  return `${document}\n\n${request}`;
}
