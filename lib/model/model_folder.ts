/**
 * Models in Hugging Face folders.
 *
 * @module
 */

import { ChatTemplate, GIVEN_TEMPLATE, readChatTemplate } from "./chat.ts";
import { type ModelConfig, parseConfig } from "./config.ts";
import { readJson, readJsonIfThere } from "./json_file.ts";
import { readWeights } from "./read_parameters.ts";
import type { StoredModel, StoredModelOptions } from "./stored_model.ts";
import { readTokenizer } from "./tokenizer.ts";

/**
 * Reads config.json of a Hugging Face folder, with generation_config.json where there is one.
 *
 * @throws {UserError} If it is missing or damaged, or asks for what cannot be computed here.
 */
export async function readConfig(folder: string): Promise<ModelConfig> {
  return parseConfig(
    await readJson(`${folder}/config.json`, "Is this a Hugging Face model folder?"),
    await readJsonIfThere(`${folder}/generation_config.json`),
    `${folder}/config.json`,
  );
}

/**
 * Opens a Hugging Face folder as a model.
 *
 * @throws {UserError} If a file is missing or damaged, or asks for what cannot be computed here.
 */
export async function openModelFolder(
  folder: string,
  options: StoredModelOptions = {},
): Promise<StoredModel> {
  const config = await readConfig(folder);
  const tokenizer = await readTokenizer(folder, config);
  const { chatTemplate, systemPrompt, chatTemplateKwargs } = options;
  const settings = { systemPrompt, chatTemplateKwargs };
  const tokens = tokenizer.namedTokens;
  const chat = chatTemplate === undefined
    ? await readChatTemplate(folder, tokens, settings)
    : new ChatTemplate(chatTemplate, tokens, GIVEN_TEMPLATE, settings);
  return {
    text: { config, tokenizer, chat },
    readWeights: (options) => readWeights(folder, config, options),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
