/**
 * Writes a model's weights as Hugging Face expects them.
 *
 * @module
 */

import { WEIGHTS_FILE, WEIGHTS_INDEX } from "./read_parameters.ts";
import { halfFormats } from "./half/formats.ts";
import { type Dtype, elementSize } from "./safetensors_dtype.ts";
import { type TensorSource, writeSafetensors } from "./safetensors_write.ts";
import { dtypeOf, floatsOfWeight, formatOf, isHalf, type Weight, type Weights } from "./weights.ts";

/** Number formats for weights. */
export type WeightDtype = Extract<Dtype, "F32" | "F16" | "BF16">;

/** How weights are stored. */
export interface WriteParametersOptions {
  /** Number format on disk. @default {the one that they are held in} */
  dtype?: WeightDtype;
  /** Weights beyond this many bytes go to several files. @default {5_000_000_000} */
  maxShardBytes?: number;
  /** Stops between two weights. */
  signal?: AbortSignal;
}

/** Fills shards in order; a weight larger than a shard has one of its own. */
function shard(weights: Weights, elementBytes: number, maxShardBytes: number): Weight[][] {
  const shards: Weight[][] = [[]];
  let filled = 0;
  for (const weight of weights.values()) {
    const bytes = weight.data.length * elementBytes;
    if (filled > 0 && filled + bytes > maxShardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push(weight);
    filled += bytes;
  }
  return shards;
}

function shardName(index: number, count: number): string {
  if (count === 1) return WEIGHTS_FILE;
  const padded = (number: number) => String(number).padStart(5, "0");
  return `model-${padded(index + 1)}-of-${padded(count)}.safetensors`;
}

/** The number format in which weights are written as they are held. */
export function storedDtype(weights: Weights): WeightDtype {
  const dtype = dtypeOf(weights);
  return dtype === "float32" ? "F32" : halfFormats[dtype].stored;
}

/** A weight to be written: its bits where they are what is stored, else its numbers. */
function tensorOf(weight: Weight, dtype: WeightDtype): TensorSource {
  const { shape } = weight;
  if (!isHalf(weight) || formatOf(weight).stored === dtype) {
    return { dtype, shape, data: weight.data };
  }
  return { dtype, shape, data: () => Promise.resolve(floatsOfWeight(weight)) };
}

/**
 * Writes weights into an existing folder: `model.safetensors`, or shards with their index.
 *
 * Tied weights are stored once, as the embedding, which is what Hugging Face itself stores.
 *
 * @throws {UserError} If a number is too large for F16.
 */
export async function writeParameters(
  weights: Weights,
  folder: string,
  options: WriteParametersOptions = {},
): Promise<void> {
  const { dtype = storedDtype(weights), maxShardBytes = 5_000_000_000, signal } = options;
  const shards = shard(weights, elementSize(dtype)!, maxShardBytes);
  const weightMap: Record<string, string> = {};
  for (const [index, group] of shards.entries()) {
    const file = shardName(index, shards.length);
    const tensors = new Map(group.map((weight) => [weight.name, tensorOf(weight, dtype)]));
    for (const { name } of group) weightMap[name] = file;
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
