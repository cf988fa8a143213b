/**
 * Writes a model as a Hugging Face folder.
 *
 * @module
 */

import { companions } from "./companions.ts";
import { parseConfig } from "./config.ts";
import type { Model } from "./model.ts";
import { patchJson } from "./patch_json.ts";
import { writeFolder } from "./write_folder.ts";
import { patchLength, patchTheta } from "./write_rope.ts";
import {
  storedDtype,
  type WeightDtype,
  writeParameters,
  type WriteParametersOptions,
} from "./write_parameters.ts";

/** What of a model is written; the rest is copied from its folder. */
export type SavedModel = Pick<Model, "folder" | "config" | "parameters">;

/** How a model is written. */
export interface SaveModelOptions extends WriteParametersOptions {
  /** The rotary base that config.json shall say. @default {the config's own} */
  ropeTheta?: number;
  /** The context length that config.json shall say. @default {the config's own} */
  maxPositions?: number;
  /** Written as chat_template.jinja, in place of the folder's own. */
  chatTemplate?: string;
  /** The model card, written as README.md. */
  card?: string;
  /** Replaces a folder that is there already. @default {false} */
  overwrite?: boolean;
}

const TORCH_NAMES: Readonly<Record<WeightDtype, string>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

/** The model's own config.json with only those values changed that the saved model changes. */
function changedConfig(text: string, model: SavedModel, options: SaveModelOptions): string {
  const own = parseConfig(JSON.parse(text));
  text = patchTheta(text, own, options.ropeTheta ?? model.config.ropeTheta);
  text = patchLength(text, own, options.maxPositions ?? model.config.maxPositions);
  const dtype = TORCH_NAMES[options.dtype ?? storedDtype(model.parameters)];
  return patchJson(text, "dtype" in own.raw ? "dtype" : "torch_dtype", dtype, `"${dtype}"`);
}

async function fillFolder(model: SavedModel, folder: string, options: SaveModelOptions) {
  for (const [name, bytes] of await companions(model.folder)) {
    if (name !== "config.json") await Deno.writeFile(`${folder}/${name}`, bytes);
    else {
      const config = changedConfig(new TextDecoder().decode(bytes), model, options);
      await Deno.writeTextFile(`${folder}/${name}`, config);
    }
  }
  const { chatTemplate } = options;
  if (chatTemplate !== undefined) {
    await Deno.writeTextFile(`${folder}/chat_template.jinja`, chatTemplate);
  }
  if (options.card !== undefined) await Deno.writeTextFile(`${folder}/README.md`, options.card);
  await writeParameters(model.parameters, folder, options);
}

/**
 * Writes a model as a Hugging Face folder.
 *
 * Tokenizer, template and generation_config.json are copied as they are; config.json keeps every
 * byte but the values of rotary base, context length and number format that change. Of a model from
 * a GGUF file they are made of what that file says. All is written to `folder` with `.part` behind
 * it, which becomes `folder` once it is whole.
 *
 * @param model Its `folder`, or GGUF file, is where the other files come from.
 * @throws {UserError} If the folder exists and is not to be overwritten, if it cannot be written, or
 * if a weight is too large for F16.
 */
export async function saveModel(
  model: SavedModel,
  folder: string,
  options: SaveModelOptions = {},
): Promise<void> {
  await writeFolder(folder, (part) => fillFolder(model, part, options), options);
}
