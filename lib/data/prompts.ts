import type { Message } from "../model/mod.ts";

/**
 * What a model is asked about a context: the context, a blank line, the question.
 *
 * Sampling from the short and the long context, reference log-probs and training all build their
 * prompts here, so that they agree to the character.
 */
export function promptOf(context: string, question: string): string {
  return `${context}\n\n${question}`;
}

/** A user's turn that asks a question about a context. */
export function ask(context: string, question: string): Message {
  return { role: "user", content: promptOf(context, question) };
}

/** What {@linkcode instruct} asks for unless told otherwise; `{count}` becomes the number asked for. */
export const DEFAULT_INSTRUCTION: string =
  "Write {count} questions about the text above. A reader must understand the text as a whole to " +
  "answer them: each question brings together different places of the text, is clear without the " +
  "others, and can be answered from the text alone. Number them 1., 2. and so on, and write " +
  "nothing but the questions.";

/** A user's turn that asks for `count` questions on a context. */
export function askForQuestions(context: string, instruction: string, count: number): Message {
  return ask(context, instruction.replaceAll("{count}", String(count)));
}

/** What the `summarise` method asks for; `{words}` becomes the length asked for. */
export const SUMMARY_INSTRUCTION: string =
  "Summarise the text above in at most {words} words. Keep names, numbers and what happened; write " +
  "nothing but the summary.";

/** A user's turn that asks for a summary of at most `words` words. */
export function askForSummary(context: string, words: number): Message {
  return ask(context, SUMMARY_INSTRUCTION.replaceAll("{words}", String(words)));
}
