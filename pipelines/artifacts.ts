/**
 * Training artifacts that are given to a run instead of being built.
 *
 * @module
 */

import { loraOf, type Recipe, string } from "../lib/cli/mod.ts";
import type { Model } from "../lib/model/mod.ts";
import { objectiveNamed } from "../lib/objective/mod.ts";
import type { ArtifactFiles } from "../lib/onnx/mod.ts";
import { type ArtifactsPurpose, loadArtifacts } from "../lib/train/mod.ts";

/** The flag of graphs that are not to be built. */
export const artifactsFlag = string({
  summary: "Folder of training artifacts that an earlier run wrote; built anew without it",
  value: "folder",
});

/** What a run's graphs depend on. */
export function purposeOf({ config }: Model, recipe: Recipe): ArtifactsPurpose {
  const { objective, aggregation } = recipe;
  const lora = loraOf(recipe, config);
  return { config, objective: objectiveNamed(objective), aggregation, lora };
}

/** The graphs of a folder, where one was given; the model must be able to have the recipe's adapters. */
export async function givenArtifacts(
  folder: string | undefined,
  model: Model,
  recipe: Recipe,
): Promise<ArtifactFiles | undefined> {
  const purpose = purposeOf(model, recipe);
  return folder === undefined ? undefined : await loadArtifacts(folder, purpose);
}
