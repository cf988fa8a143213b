import { fillerWords } from "./filler.ts";
import { grammarWords } from "./grammar.ts";
import { ASK_INSTRUCTION } from "./instruction.ts";

/** Every word that the world's documents, questions, answers and instructions use, each once. */
export function worldVocabulary(): string[] {
  const instruction = ASK_INSTRUCTION.match(/\w+/g) ?? [];
  return [...new Set([...grammarWords(), ...fillerWords(), ...instruction])];
}
