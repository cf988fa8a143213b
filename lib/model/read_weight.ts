/**
 * Reads one weight, the way it is to be held.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { type HalfDtype, halfFormats, type HeldDtype } from "./half/formats.ts";
import { firstBroken } from "./half/half_format.ts";
import { elementCount, type Parameter } from "./parameters.ts";
import { firstNonFinite } from "./safetensors_dtype.ts";
import type { SafetensorsFile } from "./safetensors_read.ts";
import { floatsOfWeight, narrow, type Weight } from "./weights.ts";

/** Numbers that are rounded at once: what waits for the garbage collector is little then. */
const PIECE = 2 ** 16;

/** A weight and where it is. */
export interface StoredWeight extends Pick<Parameter, "name" | "shape"> {
  /** The file. */
  readonly file: SafetensorsFile;
  /** What it is called there. */
  readonly stored: string;
}

function broken({ file, stored }: StoredWeight, number: number, at: number): UserError {
  return new UserError(`${file.path}: "${stored}" holds ${number} at element ${at}`, {
    hint: "These weights are broken: take an earlier checkpoint, or download them again",
  });
}

/** Numbers of a weight from a place on, none of them infinite or NaN. */
async function readFloats(weight: StoredWeight, from: number, to: number): Promise<Float32Array> {
  const { file, stored } = weight;
  const data = await file.readPart(stored, from, to);
  if (!(data instanceof Float32Array)) {
    const { dtype } = file.tensors.get(stored)!;
    throw new UserError(`${file.path}: "${stored}" is ${dtype}; weights are F32, F16 or BF16`);
  }
  const at = firstNonFinite(data);
  if (at >= 0) throw broken(weight, data[at], from + at);
  return data;
}

/** Takes the bits that are stored as they are. */
async function readBits(weight: StoredWeight, dtype: HalfDtype): Promise<Weight> {
  const { file, stored, name, shape } = weight;
  const half: Weight = { name, shape, dtype, data: await file.readBits(stored) };
  const at = firstBroken(halfFormats[dtype], half.data);
  if (at >= 0) throw broken(weight, floatsOfWeight(half)[at], at);
  return half;
}

/** Rounds what is stored otherwise to 16 bits, piece by piece. */
async function readRounded(weight: StoredWeight, dtype: HalfDtype): Promise<Weight> {
  const { name, shape } = weight;
  const data = new Uint16Array(elementCount(shape));
  for (let from = 0; from < data.length; from += PIECE) {
    const bits = data.subarray(from, from + PIECE);
    narrow(await readFloats(weight, from, from + bits.length), bits, { name, dtype });
  }
  return { name, shape, dtype, data };
}

/**
 * Reads a weight and holds it as `dtype` says, rounded to nearest where it is stored otherwise.
 *
 * @throws {UserError} If it is stored as what is no weight, or holds NaN or infinity or what is too
 * large to be held so.
 */
export async function readWeight(weight: StoredWeight, dtype: HeldDtype): Promise<Weight> {
  const { file, stored, name, shape } = weight;
  if (dtype === "float32") {
    return { name, shape, data: await readFloats(weight, 0, elementCount(shape)) };
  }
  const isStoredSo = file.tensors.get(stored)!.dtype === halfFormats[dtype].stored;
  return await (isStoredSo ? readBits : readRounded)(weight, dtype);
}
