/**
 * The model that all processes of a benchmark read.
 *
 * @module
 */

import { number, string, type Values } from "../../../lib/cli/mod.ts";
import { writeRandomModel } from "./random_model.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** The flags that say which model it is. */
export const modelFlags = {
  model: string({
    summary: "Hugging Face folder; random weights of SmolLM2-135M's shape without it",
    value: "folder",
  }),
  layers: number({ summary: "Layers of the random model", integer: true, min: 1, default: 30 }),
};

/** A model's folder, there until it is disposed of if it was made here. */
export async function openModel(
  { model, layers }: Values<typeof modelFlags>,
): Promise<AsyncDisposable & { path: string }> {
  if (model !== undefined) return { path: model, [Symbol.asyncDispose]: () => Promise.resolve() };
  const folder = await temporaryFolder();
  await writeRandomModel(folder.path, layers);
  return folder;
}
