/**
 * Models in GGUF files.
 *
 * @module
 */

import { ChatTemplate, GIVEN_TEMPLATE } from "../chat.ts";
import { parseConfig } from "../config.ts";
import { Tokenizer } from "../tokenizer.ts";
import type { StoredModel, StoredModelOptions } from "../stored_model.ts";
import { openGguf } from "./gguf_file.ts";
import { modelFiles, modelFileTexts } from "./model_files.ts";
import { readGgufWeights } from "./parameters.ts";

/**
 * Opens a GGUF file as a model.
 *
 * @throws {UserError} If it is no such file, is cut off, or holds what cannot be computed here.
 */
export async function openGgufModel(
  path: string,
  options: StoredModelOptions = {},
): Promise<StoredModel> {
  await using stack = new AsyncDisposableStack();
  const file = stack.use(await openGguf(path));
  const files = modelFiles(file);
  const config = parseConfig(files.config, files.generation, path);
  const tokenizer = new Tokenizer(files.tokenizer, files.tokenizerConfig, config, path);
  const own = files.tokenizerConfig.chat_template as string | undefined;
  const { systemPrompt, chatTemplateKwargs } = options;
  const chat = new ChatTemplate(
    options.chatTemplate ?? own,
    tokenizer.namedTokens,
    options.chatTemplate === undefined ? path : GIVEN_TEMPLATE,
    { systemPrompt, chatTemplateKwargs },
  );
  const open = stack.move();
  return {
    text: { config, tokenizer, chat },
    readWeights: (options) => readGgufWeights(file, config, options),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** The files that a model from a GGUF file has in a folder, but for the weights; by name. */
export async function ggufCompanions(path: string): Promise<ReadonlyMap<string, string>> {
  await using file = await openGguf(path);
  return modelFileTexts(modelFiles(file));
}
