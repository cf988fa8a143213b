/**
 * Writes a model's weights as Hugging Face expects them.
 *
 * @module
 */

import type { Parameter, Parameters } from "./parameters.ts";
import { WEIGHTS_FILE, WEIGHTS_INDEX } from "./read_parameters.ts";
import { type Dtype, elementSize } from "./safetensors_dtype.ts";
import type { Tensor } from "./safetensors_read.ts";
import { writeSafetensors } from "./safetensors_write.ts";

/** Number formats for weights. */
export type WeightDtype = Extract<Dtype, "F32" | "F16" | "BF16">;

/** How weights are stored. */
export interface WriteParametersOptions {
  /** Number format on disk. @default {"F32"} */
  dtype?: WeightDtype;
  /** Weights beyond this many bytes go to several files. @default {5_000_000_000} */
  maxShardBytes?: number;
  /** Stops between two weights. */
  signal?: AbortSignal;
}

/** Fills shards in order; a weight larger than a shard has one of its own. */
function shard(parameters: Parameters, elementBytes: number, maxShardBytes: number): Parameter[][] {
  const shards: Parameter[][] = [[]];
  let filled = 0;
  for (const parameter of parameters.values()) {
    const bytes = parameter.data.length * elementBytes;
    if (filled > 0 && filled + bytes > maxShardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push(parameter);
    filled += bytes;
  }
  return shards;
}

function shardName(index: number, count: number): string {
  if (count === 1) return WEIGHTS_FILE;
  const padded = (number: number) => String(number).padStart(5, "0");
  return `model-${padded(index + 1)}-of-${padded(count)}.safetensors`;
}

/**
 * Writes weights into an existing folder: `model.safetensors`, or shards with their index.
 *
 * Tied weights are stored once, as the embedding, which is what Hugging Face itself stores.
 *
 * @throws {UserError} If a number is too large for F16.
 */
export async function writeParameters(
  parameters: Parameters,
  folder: string,
  options: WriteParametersOptions = {},
): Promise<void> {
  const { dtype = "F32", maxShardBytes = 5_000_000_000, signal } = options;
  const shards = shard(parameters, elementSize(dtype)!, maxShardBytes);
  const weightMap: Record<string, string> = {};
  for (const [index, group] of shards.entries()) {
    const file = shardName(index, shards.length);
    const tensors = new Map<string, Tensor>();
    for (const { name, shape, data } of group) {
      tensors.set(name, { dtype, shape, data });
      weightMap[name] = file;
    }
    await writeSafetensors(`${folder}/${file}`, tensors, { metadata: { format: "pt" }, signal });
  }
  if (shards.length === 1) return;
  const elements = shards.flat().reduce((sum, { data }) => sum + data.length, 0);
  const index = {
    metadata: { total_size: elements * elementSize(dtype)! },
    weight_map: weightMap,
  };
  await Deno.writeTextFile(`${folder}/${WEIGHTS_INDEX}`, JSON.stringify(index, null, 2) + "\n");
}
