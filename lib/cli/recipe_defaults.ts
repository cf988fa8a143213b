/**
 * What holds where a flag of a recipe is not given, said in the help.
 *
 * @module
 */

import type { Flags } from "./command.ts";
import type { Flag } from "./flag.ts";
import { paperRecipe, type Recipe } from "./recipe.ts";

/** What holds for numbers that a recipe may leave out. */
const LEFT_OUT: Partial<Record<string, string>> = {
  contexts: "all",
  ropeTheta: "the model's own",
  nll: "the objective's own",
  rowTokens: "as many as a long context has",
  steps: "what the epochs take",
  maxPromptTokens: "no bound",
  lora: "all weights learn",
};

/**
 * Flags of a recipe that say in the help what holds without them: the paper's number and, where it
 * is another, that of further recipes.
 *
 * @param flags Flags by the names of the recipe's numbers.
 * @param others Further recipes, by when they are taken, such as `with the embedded model`.
 */
export function withDefaults<F extends Flags>(
  flags: F,
  others: Readonly<Record<string, Recipe>>,
): F {
  const told = Object.entries(flags).map(([name, flag]): [string, Flag<unknown>] => {
    const standard = textOf(name, paperRecipe);
    const deviating = Object.entries(others).map(([when, recipe]) => [when, textOf(name, recipe)])
      .filter(([, text]) => text !== standard)
      .map(([when, text]) => `${text} ${when}`);
    return [name, { ...flag, standard: [standard, ...deviating].join("; ") }];
  });
  return Object.fromEntries(told) as F;
}

function textOf(name: string, recipe: Recipe): string {
  const value = (recipe as unknown as Record<string, unknown>)[name] ?? LEFT_OUT[name];
  return typeof value === "string" && value.includes(" ") && LEFT_OUT[name] === undefined
    ? JSON.stringify(value)
    : String(value);
}
