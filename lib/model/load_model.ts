/**
 * Reads a model from a Hugging Face folder, a GGUF file or a hub.
 *
 * @module
 */

import { fingerprint } from "./fingerprint.ts";
import { openGgufModel } from "./gguf/gguf_model.ts";
import { downloadModel, type HubOptions } from "./hub.ts";
import type { HeldDtype } from "./half/formats.ts";
import type { Model } from "./model.ts";
import type { ModelConfig } from "./config.ts";
import { openModelFolder, readConfig } from "./model_folder.ts";
import { type ModelSource, modelSource } from "./model_source.ts";
import type { StoredModel, StoredModelOptions, TextModel } from "./stored_model.ts";

/** How a model is read. */
export interface LoadModelOptions extends StoredModelOptions {
  /** Where a model that is not on disk is downloaded from, and kept. */
  hub?: HubOptions;
  /**
   * How weights are held in memory: what they are computed with is float32 in any case. Exact where
   * they are stored so, rounded to nearest where they are not.
   *
   * @default {"float32"}
   */
  dtype?: HeldDtype;
  /** Stops a download, or between two weights. */
  signal?: AbortSignal;
}

/** A path on disk and the name that goes into records. */
interface Found {
  path: string;
  name: string;
}

function lastPart(path: string): string {
  return path.split(/[/\\]+/).filter((part) => part !== "").at(-1) ?? path;
}

/** Where a model is on disk, downloaded if it has to be. */
async function find(
  source: ModelSource,
  weights: boolean,
  { hub, signal }: LoadModelOptions,
): Promise<Found> {
  if (source.kind === "hub") {
    const path = await downloadModel(source.model, { ...hub, weights, signal });
    const { id, file } = source.model;
    return { path, name: file === undefined ? id : `${id}/${file}` };
  }
  const name = lastPart(source.path);
  return { path: source.path, name: source.kind === "gguf" ? name.replace(/\.gguf$/, "") : name };
}

function isFile(source: ModelSource): boolean {
  return source.kind === "gguf" || (source.kind === "hub" && source.model.file !== undefined);
}

function open(source: ModelSource, path: string, options: LoadModelOptions): Promise<StoredModel> {
  return isFile(source) ? openGgufModel(path, options) : openModelFolder(path, options);
}

/**
 * Reads a model's numbers alone; of a folder nothing but its config.json has to be there.
 *
 * @param model As {@linkcode loadModel} takes it.
 * @throws {UserError} As {@linkcode loadModel}.
 */
export async function loadConfig(
  model: string,
  options: LoadModelOptions = {},
): Promise<ModelConfig> {
  const source = await modelSource(model);
  const { path } = await find(source, false, options);
  if (!isFile(source)) return await readConfig(path);
  await using stored = await open(source, path, options);
  return stored.text.config;
}

/**
 * Reads everything of a model but its weights: quick, for work on tokens alone.
 *
 * @param model As {@linkcode loadModel} takes it.
 * @throws {UserError} As {@linkcode loadModel}.
 */
export async function loadTextModel(
  model: string,
  options: LoadModelOptions = {},
): Promise<TextModel> {
  const source = await modelSource(model);
  const { path } = await find(source, false, options);
  await using stored = await open(source, path, options);
  return stored.text;
}

/**
 * Reads a model: config, tokenizer, chat template and weights.
 *
 * Weights become Float32, whatever they are stored in, or what `dtype` says; they are read one by
 * one, and beside them only little more is in memory.
 *
 * @param model The path of a Hugging Face folder or of a GGUF file, or what a model is called on the
 * hub: `organisation/name`, `organisation/name@revision`, or `organisation/name/file.gguf`.
 * @throws {UserError} If a file is missing or damaged, if the model is one that cannot be computed
 * here, or if it cannot be downloaded; the message names the file and what is wrong with it.
 *
 * @example Load a model and count
 * ```ts ignore
 * import { loadModel, parameterCount } from "@longpo/longpo/model";
 *
 * const model = await loadModel("HuggingFaceTB/SmolLM2-135M-Instruct");
 * console.log(model.name, parameterCount(model.config));
 * ```
 */
export async function loadModel(model: string, options: LoadModelOptions = {}): Promise<Model> {
  const source = await modelSource(model);
  const { path, name } = await find(source, true, options);
  await using stored = await open(source, path, options);
  const parameters = await stored.readWeights(options);
  return {
    ...stored.text,
    name,
    folder: path,
    parameters,
    fingerprint: fingerprint(stored.text.config, parameters),
    chatHash: stored.text.chat.hash,
  };
}
