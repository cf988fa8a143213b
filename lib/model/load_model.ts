/**
 * Reads a model from a Hugging Face folder.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { ChatTemplate, readChatTemplate } from "./chat.ts";
import { type ModelConfig, parseConfig } from "./config.ts";
import { fingerprint } from "./fingerprint.ts";
import { exists, readJson, readJsonIfThere } from "./json_file.ts";
import type { ChatModel, Model } from "./model.ts";
import { readParameters } from "./read_parameters.ts";
import { readTokenizer } from "./tokenizer.ts";

/** How a model is read. */
export interface LoadModelOptions {
  /** Used in place of the folder's own chat template. */
  chatTemplate?: string;
  /** Stops between two weights. */
  signal?: AbortSignal;
}

/** A model's config with what makes text of its tokens. */
export interface TextModel extends ChatModel {
  /** The numbers of config.json. */
  readonly config: ModelConfig;
}

/**
 * Reads everything of a model but its weights: quick, for work on tokens alone.
 *
 * @throws {UserError} As {@linkcode loadModel}.
 */
export async function loadTextModel(
  folder: string,
  options: LoadModelOptions = {},
): Promise<TextModel> {
  if (!await exists(folder)) {
    throw new UserError(`There is no model folder ${folder}`, {
      hint: "Give the path of a Hugging Face folder, with config.json in it",
    });
  }
  const config = parseConfig(
    await readJson(`${folder}/config.json`, "Is this a Hugging Face model folder?"),
    await readJsonIfThere(`${folder}/generation_config.json`),
    `${folder}/config.json`,
  );
  const tokenizer = await readTokenizer(folder, config);
  const chat = options.chatTemplate === undefined
    ? await readChatTemplate(folder, tokenizer.namedTokens)
    : new ChatTemplate(options.chatTemplate, tokenizer.namedTokens, "the given template");
  return { config, tokenizer, chat };
}

function nameOf(folder: string): string {
  return folder.split(/[/\\]+/).filter((part) => part !== "").at(-1) ?? folder;
}

/**
 * Reads a model from a Hugging Face folder: config, tokenizer, chat template and weights.
 *
 * @throws {UserError} If a file is missing or damaged, or if the model is one that cannot be
 * computed here; the message names the file and what is wrong with it.
 *
 * @example Load a folder and count
 * ```ts ignore
 * import { loadModel, parameterCount } from "@longpo/longpo/model";
 *
 * const model = await loadModel("models/SmolLM2-135M-Instruct");
 * console.log(model.name, parameterCount(model.config));
 * ```
 */
export async function loadModel(folder: string, options: LoadModelOptions = {}): Promise<Model> {
  const text = await loadTextModel(folder, options);
  const parameters = await readParameters(folder, text.config, options.signal);
  return {
    ...text,
    name: nameOf(folder),
    folder,
    parameters,
    fingerprint: fingerprint(text.config, parameters),
    chatHash: text.chat.hash,
  };
}
