/**
 * Documents of the world with questions on their facts, as JSON Lines.
 *
 * @module
 */

import { makeDocument } from "../../../examples/world/grammar.ts";
import { Random } from "../../../lib/flow/mod.ts";

/** A line of a documents file. */
export interface DocumentLine {
  id: string;
  text: string;
  questions: string[];
}

/** Documents of at most `tokens` tokens; `retrieve` makes a turn of each question. */
export function worldLines(count: number, { tokens = 150, questions = 3 } = {}): DocumentLine[] {
  const random = new Random("documents");
  return Array.from({ length: count }, (_, at) => {
    const { text, facts } = makeDocument(random.fork(at), { tokens });
    return {
      id: `doc-${at}`,
      text,
      questions: facts.slice(0, questions).map(({ question }) => question),
    };
  });
}

/** Writes values as JSON Lines. */
export async function writeLines(path: string, values: readonly unknown[]): Promise<void> {
  await Deno.writeTextFile(path, values.map((value) => `${JSON.stringify(value)}\n`).join(""));
}

/** Reads JSON Lines. */
export async function readLines<T>(path: string): Promise<T[]> {
  return linesOf(await Deno.readTextFile(path));
}

/** The values of JSON Lines. */
export function linesOf<T>(text: string): T[] {
  return text.split("\n").filter((line) => line !== "").map((line): T => JSON.parse(line));
}
