import { ASK_INSTRUCTION } from "../examples/world/instruction.ts";
import { paperRecipe, type Recipe } from "../lib/cli/mod.ts";
import type { Logger } from "../lib/flow/mod.ts";

/**
 * The numbers of a run with the embedded model.
 *
 * The window of its pre-training is 256 tokens; its documents here are longer than four of them. At
 * these lengths one token of a document weighs as much in the NLL as one of an answer, so that the
 * term is held to the answers; rate and preference weight are those of a model this small.
 */
export const worldRecipe: Recipe = {
  ...paperRecipe,
  shortTokens: 150,
  longTokens: 1280,
  turns: 8,
  instruction: ASK_INSTRUCTION,
  maxTokens: 12,
  questionTemperature: 1,
  temperature: 0,
  documentsPerCall: 8,
  filters: ["empty", "repetition", "refusal", "ungrounded"],
  minConfidence: 0.8,
  ropeTheta: 2e4,
  lambda: 0.1,
  nll: "answers",
  layout: "independent",
  learningRate: 5e-4,
  batchSize: 4,
  epochs: 3,
  saveSteps: 50,
};

/** Warns of documents that the embedded model is to read, and are not those of its world. */
export function warnOfStrangeDocuments(
  { model, documents }: { model?: string; documents?: string },
  log: Logger,
): void {
  if (model !== undefined || documents === undefined) return;
  log.warn(
    "The embedded model knows nothing but its made-up world: what it says of other documents is " +
      "nonsense; give a model of your own with --model",
  );
}
