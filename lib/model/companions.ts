/**
 * The files that go with a model's weights.
 *
 * @module
 */

import { COMPANION_NAMES } from "./companion_names.ts";
import { ggufCompanions } from "./gguf/gguf_model.ts";

const encoder = new TextEncoder();

async function folderCompanions(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of COMPANION_NAMES) {
    try {
      files.set(name, await Deno.readFile(`${folder}/${name}`));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return files;
}

/**
 * The files that a model has beside its weights, by name: those of its folder, or those that say the
 * same as its GGUF file.
 *
 * @param path Where the model was read from.
 */
export async function companions(path: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const isFile = (await Deno.stat(path)).isFile;
  if (!isFile) return await folderCompanions(path);
  const texts = await ggufCompanions(path);
  return new Map([...texts].map(([name, text]) => [name, encoder.encode(text)]));
}
