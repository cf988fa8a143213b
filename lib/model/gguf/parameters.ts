/**
 * Reads a model's weights from a GGUF file.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import type { ModelConfig } from "../config.ts";
import { expectedParameters } from "../parameters.ts";
import type { ReadWeightsOptions } from "../read_parameters.ts";
import { firstNonFinite } from "../safetensors_dtype.ts";
import { emptyWeight, isHalf, narrow, type Weight, type Weights } from "../weights.ts";
import { architectureOf } from "./architectures.ts";
import type { GgufFile } from "./gguf_file.ts";
import { separateRows } from "./interleaved_rows.ts";

function refuseUnknown(file: GgufFile, known: ReadonlySet<string>, config: ModelConfig) {
  const unknown = [...file.tensors.keys()].filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  const more = unknown.length > 3 ? ` and ${unknown.length - 3} more` : "";
  throw new UserError(
    `${file.path} holds what a ${config.architecture} of this config has not: ` +
      unknown.slice(0, 3).map((name) => `"${name}"`).join(", ") + more,
  );
}

function checkShape(file: GgufFile, tensor: string, expected: readonly number[]) {
  const found = file.tensors.get(tensor)?.shape;
  if (!found) throw new UserError(`${file.path} lacks tensor "${tensor}"`);
  if (found.length === expected.length && found.every((size, i) => size === expected[i])) return;
  throw new UserError(
    `${file.path}: "${tensor}" is [${found}], but the file's metadata makes it [${expected}]`,
  );
}

/** Fills `target` with a tensor's numbers, piece by piece, and refuses those that are no numbers. */
async function fill(
  file: GgufFile,
  tensor: string,
  target: Weight,
): Promise<void> {
  let from = 0;
  for await (const numbers of file.pieces(tensor)) {
    const broken = firstNonFinite(numbers);
    if (broken >= 0) {
      throw new UserError(
        `${file.path}: "${tensor}" holds ${numbers[broken]} at element ${from + broken}`,
        { hint: "These weights are broken: download them again" },
      );
    }
    if (isHalf(target)) {
      narrow(numbers, target.data.subarray(from, from + numbers.length), target);
    } else target.data.set(numbers, from);
    from += numbers.length;
  }
}

/**
 * Reads the weights of a GGUF file, under Hugging Face's names and in its order of rows.
 *
 * Beside the result only a part of one tensor is in memory.
 *
 * @throws {UserError} If a tensor is missing, has another shape than the metadata says, holds NaN
 * or infinity or what is too large to be held so, or if there are tensors that the architecture has
 * not.
 */
export async function readGgufWeights(
  file: GgufFile,
  config: ModelConfig,
  { dtype = "float32", signal }: ReadWeightsOptions = {},
): Promise<Weights> {
  const architecture = architectureOf(file);
  const expected = expectedParameters(config);
  refuseUnknown(file, new Set([...expected.keys()].map(architecture.tensorName)), config);
  const weights: Weights = new Map();
  for (const [name, shape] of expected) {
    signal?.throwIfAborted();
    const tensor = architecture.tensorName(name);
    checkShape(file, tensor, shape);
    const weight = emptyWeight(name, shape, dtype);
    await fill(file, tensor, weight);
    if (architecture.hasInterleavedRows(name)) separateRows(weight.data, config.headSize, shape[1]);
    weights.set(name, weight);
  }
  return weights;
}
