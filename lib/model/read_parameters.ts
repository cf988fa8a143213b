/**
 * Reads a model's weights from its folder.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import type { ModelConfig } from "./config.ts";
import { isJsonObject } from "./config_reader.ts";
import { exists, readJsonIfThere } from "./json_file.ts";
import type { HeldDtype } from "./half/formats.ts";
import { EMBEDDING, expectedParameters, HEAD, type Parameters } from "./parameters.ts";
import { readWeight } from "./read_weight.ts";
import { openSafetensors, type SafetensorsFile } from "./safetensors_read.ts";
import { type Weight, type Weights, widened } from "./weights.ts";

/** The weights in one file. */
export const WEIGHTS_FILE = "model.safetensors";

/** Which weight is in which of several files. */
export const WEIGHTS_INDEX = "model.safetensors.index.json";

/** Buffers that old checkpoints store though they follow from the config. */
const DERIVED = /\.rotary_emb\.inv_freq$/;

function joined(folder: string, file: string): string {
  return `${folder.replace(/\/+$/, "")}/${file}`;
}

/** Shard names by weight, as the index lists them; one file lists itself. */
async function locate(folder: string): Promise<Map<string, string> | undefined> {
  const path = joined(folder, WEIGHTS_INDEX);
  const index = await readJsonIfThere(path);
  if (!index) return undefined;
  const files = isJsonObject(index.weight_map) ? Object.entries(index.weight_map) : [];
  if (files.length === 0) throw new UserError(`${path} has no "weight_map"`);
  for (const [name, file] of files) {
    if (typeof file === "string" && /^[^/\\]+\.safetensors$/.test(file)) continue;
    throw new UserError(`${path}: "${name}" is in ${JSON.stringify(file)}, which is no shard`);
  }
  return new Map(files as [string, string][]);
}

async function refuseMissingWeights(folder: string) {
  if (await exists(joined(folder, WEIGHTS_FILE))) return;
  const pickled = await exists(joined(folder, "pytorch_model.bin"));
  throw new UserError(`${folder} has neither ${WEIGHTS_FILE} nor ${WEIGHTS_INDEX}`, {
    hint: pickled
      ? "Convert pytorch_model.bin to safetensors first"
      : "Download the weights into the folder",
  });
}

/** The open weight files of a folder. */
class WeightFiles implements AsyncDisposable {
  readonly #files = new AsyncDisposableStack();
  readonly #fileOf = new Map<string, SafetensorsFile>();

  /** Names of all weights in the files. */
  get names(): Iterable<string> {
    return this.#fileOf.keys();
  }

  has(name: string): boolean {
    return this.#fileOf.has(name);
  }

  async open(folder: string): Promise<void> {
    const shardOf = await locate(folder);
    if (!shardOf) {
      await refuseMissingWeights(folder);
      await this.#add(joined(folder, WEIGHTS_FILE));
      return;
    }
    for (const shard of new Set(shardOf.values())) {
      const path = joined(folder, shard);
      if (!await exists(path)) {
        throw new UserError(`${joined(folder, WEIGHTS_INDEX)} names ${shard}, which is missing`, {
          hint: `Download ${shard} into ${folder}`,
        });
      }
      await this.#add(path);
    }
    for (const [name, shard] of shardOf) {
      if (this.has(name)) continue;
      throw new UserError(`${joined(folder, shard)} lacks "${name}", which the index says it has`);
    }
  }

  async #add(path: string) {
    const file = this.#files.use(await openSafetensors(path));
    for (const name of file.tensors.keys()) {
      const other = this.#fileOf.get(name);
      if (other) throw new UserError(`"${name}" is in both ${other.path} and ${path}`);
      this.#fileOf.set(name, file);
    }
  }

  /** Reads `stored` as a weight called `name`. */
  async read(
    stored: string,
    name: string,
    shape: readonly number[],
    held: HeldDtype,
  ): Promise<Weight> {
    const file = this.#fileOf.get(stored)!;
    const { shape: found } = file.tensors.get(stored)!;
    if (found.length !== shape.length || found.some((size, axis) => size !== shape[axis])) {
      throw new UserError(
        `${file.path}: "${stored}" is [${found}], but config.json makes it [${shape}]`,
        { hint: "Do config.json and the weights belong to the same model?" },
      );
    }
    return await readWeight({ file, stored, name, shape }, held);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files[Symbol.asyncDispose]();
  }
}

/** Under which name a weight is stored: tied ones are under either. */
function storedName(name: string, files: WeightFiles, config: ModelConfig, folder: string): string {
  if (files.has(name)) return name;
  if (config.tieEmbeddings && name === EMBEDDING && files.has(HEAD)) return HEAD;
  throw new UserError(`The weights in ${folder} lack "${name}"`, {
    hint: name === HEAD && files.has(EMBEDDING)
      ? `If the head is the embedding, config.json must say "tie_word_embeddings": true`
      : "Do config.json and the weights belong to the same model?",
  });
}

function refuseUnknown(files: WeightFiles, config: ModelConfig, folder: string) {
  const expected = expectedParameters(config);
  const unknown = [...files.names].filter((name) =>
    !expected.has(name) && !DERIVED.test(name) && !(config.tieEmbeddings && name === HEAD)
  );
  if (unknown.length === 0) return;
  const more = unknown.length > 3 ? ` and ${unknown.length - 3} more` : "";
  throw new UserError(
    `The weights in ${folder} hold what a ${config.architecture} of this config has not: ` +
      unknown.slice(0, 3).map((name) => `"${name}"`).join(", ") + more,
    { hint: "Do config.json and the weights belong to the same model?" },
  );
}

/** A tied head that was stored beside the embedding must be the same matrix. */
async function refuseUntiedHead(files: WeightFiles, embedding: Weight, folder: string) {
  const { shape, dtype = "float32", data } = embedding;
  const head = await files.read(HEAD, HEAD, shape, dtype);
  if (head.data.every((value, i) => value === data[i])) return;
  throw new UserError(
    `config.json in ${folder} ties head and embedding, but the weights of both are there and differ`,
    { hint: `Set "tie_word_embeddings" to false, or leave out "${HEAD}"` },
  );
}

/** How weights are read. */
export interface ReadWeightsOptions {
  /** How they are held in memory; other numbers than that are rounded to nearest. @default {"float32"} */
  dtype?: HeldDtype;
  /** Stops between two weights. */
  signal?: AbortSignal;
}

/**
 * Reads the weights of a Hugging Face folder, one or several safetensors files.
 *
 * Only one tensor at a time is in memory beside the result, and none where the files have the format
 * that it is held in. Where head and embedding are tied the result holds {@linkcode EMBEDDING} alone,
 * whichever of the two is stored.
 *
 * @throws {UserError} If a file or a weight is missing, has another shape than the config says,
 * holds NaN or infinity or what is too large to be held so, or if there are weights that the
 * architecture has not.
 */
export async function readWeights(
  folder: string,
  config: ModelConfig,
  { dtype = "float32", signal }: ReadWeightsOptions = {},
): Promise<Weights> {
  await using files = new WeightFiles();
  await files.open(folder);
  refuseUnknown(files, config, folder);
  const weights: Weights = new Map();
  for (const [name, shape] of expectedParameters(config)) {
    signal?.throwIfAborted();
    const stored = storedName(name, files, config, folder);
    weights.set(name, await files.read(stored, name, shape, dtype));
    if (config.tieEmbeddings && stored === EMBEDDING && files.has(HEAD)) {
      await refuseUntiedHead(files, weights.get(EMBEDDING)!, folder);
    }
  }
  return weights;
}

/**
 * Reads weights as {@linkcode readWeights} does, as Float32.
 *
 * @throws {UserError} As {@linkcode readWeights}.
 */
export async function readParameters(
  folder: string,
  config: ModelConfig,
  signal?: AbortSignal,
): Promise<Parameters> {
  return widened(await readWeights(folder, config, { signal }));
}
