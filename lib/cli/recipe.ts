/**
 * The numbers of a LongPO run, as flags: every pipeline means the same by the same flag.
 *
 * @module
 */

import { compressMethods, DEFAULT_FILTERS, DEFAULT_INSTRUCTION } from "../data/mod.ts";
import type { CompressMethodName, Layout, NllTokens, TurnFilterName } from "../data/mod.ts";
import type { HeldDtype } from "../model/mod.ts";
import { type Aggregation, aggregationNames, objectives } from "../objective/mod.ts";
import type { ActivationsName, MomentsName } from "../train/mod.ts";
import { activationsFlag } from "./activations_flag.ts";
import { dtypeFlag } from "./dtype_flag.ts";
import { UsageError } from "./usage_error.ts";
import { choice, type Flag, number, string } from "./flag.ts";
import { loraFlag } from "./lora_flag.ts";
import { maxGradNormFlag, momentsFlag } from "./optimizer_flags.ts";

/** The numbers of a run. */
export interface Recipe {
  /** Most tokens of a short context. */
  shortTokens: number;
  /** Most tokens of a long one; longer documents are cut into several. */
  longTokens: number;
  /** Most long contexts that are taken, from the first document on; all where it is missing. */
  contexts?: number;
  /** How short contexts are made. */
  compress: CompressMethodName;
  /** Questions a document. */
  turns: number;
  /** What the model is asked, to write questions. */
  instruction: string;
  /** Most tokens of an answer. */
  maxTokens: number;
  /** Temperature at which questions are drawn; 0 takes the likeliest token. */
  questionTemperature: number;
  /** Temperature at which answers are drawn; 0 takes the likeliest token. */
  temperature: number;
  /** Makes tokens of prompt and answer less likely, above 1. */
  repetitionPenalty: number;
  /** Ends an answer that says the same this many times in a row; 0 lets it go on. */
  loopRounds: number;
  /** Most tokens of a prompt with a whole document, which is shortened to fit; all where missing. */
  maxPromptTokens?: number;
  /** Documents whose conversations are answered together. */
  documentsPerCall: number;
  /** Which turns are dropped. */
  filters: readonly TurnFilterName[];
  /** Least confidence of a chosen answer, from 0 to 1. */
  minConfidence: number;
  /** The policy's RoPE base; the reference keeps the model's own. */
  ropeTheta?: number;
  /** The loss, by its name in {@linkcode objectives}. */
  objective: string;
  /** Strength of the constraint to the reference. */
  beta: number;
  /** Weight of the preference term. */
  lambda: number;
  /** How the turns of a document become one preference. */
  aggregation: Aggregation;
  /** Tokens in the NLL term; the objective's own choice where it is missing. */
  nll?: NllTokens;
  /** Turns as one conversation, or each on its own. */
  layout: Layout;
  /** The highest learning rate of the schedule. */
  learningRate: number;
  /** Documents of an optimiser step. */
  batchSize: number;
  /** Most tokens that documents share a row up to; those of a long context where it is missing. */
  rowTokens?: number;
  /** How often all pairs are trained on. */
  epochs: number;
  /** Optimiser steps; as many as the epochs take where it is missing. */
  steps?: number;
  /** Share of the steps over which the learning rate rises. */
  warmup: number;
  /** Decoupled weight decay of matrices. */
  weightDecay: number;
  /** Largest norm of a step's gradients; 0 clips nothing. */
  maxGradNorm: number;
  /** How the weights lie in memory. */
  dtype: HeldDtype;
  /** How the optimiser's moments are kept. */
  moments: MomentsName;
  /** Where layers' values are between forward and backward. */
  activations: ActivationsName;
  /** Optimiser steps between two checkpoints. */
  saveSteps: number;
  /** Adapters to learn, as `parseLora` reads them; all weights learn where it is missing. */
  lora?: string;
}

/** The paper's numbers where it gives them, at lengths that a desktop machine computes. */
export const paperRecipe: Recipe = {
  shortTokens: 1024,
  longTokens: 8192,
  compress: "pick",
  turns: 4,
  instruction: DEFAULT_INSTRUCTION,
  maxTokens: 256,
  questionTemperature: 0.7,
  temperature: 1,
  repetitionPenalty: 1,
  loopRounds: 0,
  documentsPerCall: 1,
  filters: DEFAULT_FILTERS,
  minConfidence: 0,
  objective: "longpo",
  beta: 0.1,
  lambda: 0.01,
  aggregation: "sum",
  layout: "conversation",
  learningRate: 5e-7,
  batchSize: 8,
  epochs: 1,
  warmup: 0.1,
  weightDecay: 0,
  maxGradNorm: 1,
  dtype: "float32",
  moments: "float32",
  activations: "memory",
  saveSteps: 50,
};

const size = (summary: string) => number({ summary, integer: true, min: 1 });
const amount = (summary: string) => number({ summary, min: 0 });

/** Flags of what makes pairs. */
export const pairFlags = {
  shortTokens: size("Most tokens of a short context"),
  longTokens: size("Most tokens of a long context; longer documents are cut into several"),
  contexts: size("Most long contexts that are taken, from the first document on"),
  compress: choice({
    summary: "How short contexts are made of a document",
    choices: Object.keys(compressMethods) as CompressMethodName[],
  }),
  turns: size("Questions a document"),
  instruction: string({ summary: "What the model is asked, to write {count} questions" }),
  maxTokens: size("Most tokens of an answer"),
  questionTemperature: amount("Temperature at which questions are drawn"),
  temperature: amount("Temperature at which answers are drawn; 0 takes the likeliest"),
  repetitionPenalty: number({
    summary: "Makes tokens of prompt and answer less likely, above 1, as in transformers",
    min: 0.01,
  }),
  loopRounds: number({
    summary: "Ends an answer that says the same so many times in a row; 0 lets it go on",
    integer: true,
    min: 0,
  }),
  maxPromptTokens: size("Most tokens of a prompt; a document that is longer loses its middle"),
  minConfidence: number({
    summary: "Least confidence of a chosen answer, as mean probability of its tokens",
    min: 0,
    max: 1,
  }),
  ropeTheta: number({ summary: "The policy's RoPE base; the reference keeps its own", min: 1 }),
  objective: choice({
    summary: "The loss, and with it what the reference reads",
    choices: Object.keys(objectives),
  }),
  layout: choice({
    summary: "Turns as one conversation, or each on its own",
    choices: ["conversation", "independent"],
  }),
} as const satisfies Record<string, Flag<unknown>>;

/** Flags of what trains on them. */
export const trainFlags = {
  ropeTheta: pairFlags.ropeTheta,
  objective: pairFlags.objective,
  layout: pairFlags.layout,
  beta: amount("Strength of the constraint to the reference"),
  lambda: amount("Weight of the preference term"),
  aggregation: choice({
    summary: "How the turns of a document become one preference",
    choices: aggregationNames,
  }),
  nll: choice({
    summary: "Tokens in the NLL term",
    choices: ["all", "no_template", "answers", "none"],
  }),
  learningRate: amount("The highest learning rate"),
  batchSize: size("Documents of an optimiser step"),
  rowTokens: size("Most tokens that documents share a row up to; a longer one has its own"),
  epochs: size("How often all pairs are trained on"),
  steps: size("Optimiser steps, whatever the epochs take"),
  warmup: number({ summary: "Share of steps with a rising rate", min: 0, max: 1 }),
  weightDecay: amount("Decoupled weight decay of matrices"),
  maxGradNorm: maxGradNormFlag,
  dtype: dtypeFlag,
  moments: momentsFlag,
  activations: activationsFlag,
  saveSteps: size("Optimiser steps between two checkpoints"),
  lora: loraFlag,
} as const satisfies Record<string, Flag<unknown>>;

/** What of a recipe is the training's, and not of the pairs that it is given. */
export function trainingNumbers(recipe: Recipe): Pick<Recipe, keyof typeof trainFlags> {
  const names = Object.keys(trainFlags) as (keyof typeof trainFlags)[];
  const numbers = Object.fromEntries(names.map((name) => [name, recipe[name]]));
  return numbers as Pick<Recipe, keyof typeof trainFlags>;
}

/**
 * A recipe by what it computes: where values lie changes nothing unless it rounds them, and a run may
 * be gone on with somewhere else, such as on disk once memory was too small.
 */
export function asComputed(recipe: Recipe): Recipe {
  const { moments, activations } = recipe;
  return {
    ...recipe,
    moments: moments === "disk" ? "float32" : moments,
    activations: activations === "disk" ? "memory" : activations,
  };
}

/** The flags that were given, over a recipe. */
export function recipeOf(
  flags: Readonly<Partial<Record<keyof Recipe, unknown>>>,
  base: Recipe,
): Recipe {
  const given = Object.entries(flags).filter(([name, value]) =>
    value !== undefined && (name in base || name in pairFlags || name in trainFlags)
  );
  const recipe: Recipe = { ...base, ...Object.fromEntries(given) };
  const { shortTokens, longTokens } = recipe;
  if (longTokens < shortTokens) {
    throw new UsageError(
      `Cannot cut documents of at most ${longTokens} tokens into pieces of ${shortTokens}`,
      { hint: "Give a --long-tokens that is not below --short-tokens" },
    );
  }
  return recipe;
}
