/**
 * Which files of a repository make a model.
 *
 * @module
 */

import { COMPANION_NAMES } from "../companion_names.ts";
import { exists, readJsonIfThere } from "../json_file.ts";
import { WEIGHTS_FILE, WEIGHTS_INDEX } from "../read_parameters.ts";

/** One file, or its shards: not the other copies of the weights that repositories hold. */
const WEIGHTS = /^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$/;

/** What is wanted of a repository. */
export interface Wanted {
  /** One GGUF file alone. */
  file?: string;
  /** The weights too. */
  weights: boolean;
}

/** Whether a file of a repository is wanted. */
export function isWanted(path: string, { file, weights }: Wanted): boolean {
  if (file !== undefined) return path === file;
  return COMPANION_NAMES.includes(path) || (weights && WEIGHTS.test(path));
}

async function neededFiles(snapshot: string, { file, weights }: Wanted): Promise<string[]> {
  if (file !== undefined) return [file];
  const texts = ["config.json", "tokenizer.json"];
  if (!weights) return texts;
  const index = await readJsonIfThere(`${snapshot}/${WEIGHTS_INDEX}`);
  const shards = index ? Object.values(index.weight_map ?? {}) as string[] : [WEIGHTS_FILE];
  return [...texts, ...new Set(shards)];
}

/** The first file that a snapshot in the cache lacks to be loaded. */
export async function firstMissing(snapshot: string, wanted: Wanted): Promise<string | undefined> {
  for (const file of await neededFiles(snapshot, wanted)) {
    if (!await exists(`${snapshot}/${file}`)) return file;
  }
  return undefined;
}
