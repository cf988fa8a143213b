/**
 * Adapters on disk, as PEFT writes and reads them: adapter_config.json and
 * adapter_model.safetensors.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import type { ModelConfig } from "./config.ts";
import { readJson } from "./json_file.ts";
import { type Adapter, adapterShapes, checkLora, type LoraConfig, loraTargets } from "./lora.ts";
import type { Parameters } from "./parameters.ts";
import { peftConfig, readPeftConfig } from "./peft_config.ts";
import { firstNonFinite } from "./safetensors_dtype.ts";
import { openSafetensors, type SafetensorsFile, type Tensor } from "./safetensors_read.ts";
import { writeSafetensors } from "./safetensors_write.ts";
import { writeFolder, type WriteFolderOptions } from "./write_folder.ts";

const CONFIG_FILE = "adapter_config.json";
const WEIGHTS_FILE = "adapter_model.safetensors";

/** PEFT wraps the model twice, and its names say so. */
const PREFIX = "base_model.model.";

/** How an adapter is written. */
export interface SaveAdapterOptions extends WriteFolderOptions {
  /** The model that it belongs to: the path or hub name from which PEFT loads it. */
  base: string;
  /** The card, written as README.md. */
  card?: string;
}

/** `q_proj` of `model.layers.0.self_attn.q_proj.lora_A.weight`. */
function targetOf(name: string): string | undefined {
  return /\.([^.]+)\.lora_[AB]\.weight$/.exec(name)?.[1];
}

function targetsOf(names: Iterable<string>): string[] {
  const targets = [...names].map(targetOf).filter((target) => target !== undefined);
  return [...new Set(targets)];
}

/**
 * Writes an adapter as PEFT does.
 *
 * @throws {UserError} If the folder exists and is not to be overwritten, or if it cannot be written.
 */
export async function saveAdapter(
  { lora, parameters }: Adapter,
  folder: string,
  options: SaveAdapterOptions,
): Promise<void> {
  const config = peftConfig(lora, targetsOf(parameters.keys()), options.base);
  const tensors = new Map<string, Tensor>();
  for (const [name, { shape, data }] of parameters) {
    tensors.set(PREFIX + name, { dtype: "F32", shape, data });
  }
  await writeFolder(folder, async (part) => {
    await Deno.writeTextFile(`${part}/${CONFIG_FILE}`, `${JSON.stringify(config, null, 2)}\n`);
    await writeSafetensors(`${part}/${WEIGHTS_FILE}`, tensors, { metadata: { format: "pt" } });
    if (options.card !== undefined) await Deno.writeTextFile(`${part}/README.md`, options.card);
  }, options);
}

async function readMatrices(
  file: SafetensorsFile,
  config: ModelConfig,
  lora: LoraConfig,
): Promise<Parameters> {
  const shapes = adapterShapes(config, lora);
  const unknown = [...file.tensors.keys()].find((name) => !shapes.has(name.slice(PREFIX.length)));
  if (unknown !== undefined) {
    throw new UserError(`${file.path}: "${unknown}" is no adapter of this model`);
  }
  const parameters: Parameters = new Map();
  for (const [name, shape] of shapes) {
    const found = file.tensors.get(PREFIX + name)?.shape;
    if (found?.join() !== shape.join()) {
      const is = found ? `is [${found}], but the model makes it [${shape}]` : "is missing";
      throw new UserError(`${file.path}: "${PREFIX + name}" ${is}`, {
        hint: "Was the adapter trained from this model, in all of its layers?",
      });
    }
    const { data, dtype } = await file.read(PREFIX + name);
    if (!(data instanceof Float32Array) || firstNonFinite(data) >= 0) {
      throw new UserError(`${file.path}: "${PREFIX + name}" (${dtype}) holds what is no number`);
    }
    parameters.set(name, { name, shape, data });
  }
  return parameters;
}

/**
 * Reads an adapter that PEFT, or {@linkcode saveAdapter}, wrote.
 *
 * @param config The model that it belongs to.
 * @throws {UserError} If a file is missing or damaged, if the adapter is of another model, or if it
 * is more than plain LoRA.
 */
export async function loadAdapter(folder: string, config: ModelConfig): Promise<Adapter> {
  const path = `${folder}/${CONFIG_FILE}`;
  const plain = readPeftConfig(await readJson(path, "Is this the folder of an adapter?"), path);
  await using file = await openSafetensors(`${folder}/${WEIGHTS_FILE}`);
  const stored = targetsOf(file.tensors.keys());
  checkLora(config, { ...plain, targets: stored });
  const targets = loraTargets(config).filter((target) => stored.includes(target));
  const lora = { ...plain, targets };
  return { lora, parameters: await readMatrices(file, config, lora) };
}
