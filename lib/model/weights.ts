/**
 * Weights as a model holds them: float32, or 16 bits a number.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { type HalfDtype, halfFormats, type HeldDtype } from "./half/formats.ts";
import { firstBroken, type HalfFormat } from "./half/half_format.ts";
import { elementCount, type Parameter, type Parameters } from "./parameters.ts";

/** One weight in 16 bits a number; it is computed with as float32. */
export interface HalfParameter extends Omit<Parameter, "data" | "dtype"> {
  /** What the bits mean. */
  readonly dtype: HalfDtype;
  /** Bits of the numbers, row by row. */
  readonly data: Uint16Array<ArrayBuffer>;
}

/** One weight, however it is held. */
export type Weight = Parameter | HalfParameter;

/** All weights of a model, or of an adapter, all of them held alike. */
export type Weights = Map<string, Weight>;

/** The format of a weight in 16 bits. */
export function formatOf({ dtype }: HalfParameter): HalfFormat {
  return halfFormats[dtype];
}

/** Whether a weight is held in 16 bits. */
export function isHalf(weight: Weight): weight is HalfParameter {
  return weight.dtype !== undefined;
}

/** How weights are held. */
export function dtypeOf(weights: Weights): HeldDtype {
  for (const { dtype } of weights.values()) return dtype ?? "float32";
  return "float32";
}

/** The numbers of a weight as float32: its own array where it holds them so. */
export function floatsOfWeight(weight: Weight): Float32Array<ArrayBuffer> {
  if (!isHalf(weight)) return weight.data as Float32Array<ArrayBuffer>;
  const numbers = new Float32Array(weight.data.length);
  formatOf(weight).widen(weight.data, numbers);
  return numbers;
}

/**
 * The numbers of a weight as float32, piece by piece; each is what it is until the next one.
 *
 * @param room Where numbers of 16 bits are widened to.
 */
export function* floatPieces(weight: Weight, room: Float32Array): Generator<Float32Array> {
  if (!isHalf(weight)) return yield weight.data;
  const { data } = weight;
  for (let from = 0; from < data.length; from += room.length) {
    const bits = data.subarray(from, from + room.length);
    const numbers = room.subarray(0, bits.length);
    formatOf(weight).widen(bits, numbers);
    yield numbers;
  }
}

/** Weights as float32: copies of those in 16 bits, the others as they are. */
export function widened(weights: Weights): Parameters {
  return new Map(
    [...weights].map(([name, weight]) => {
      const { shape } = weight;
      return [name, isHalf(weight) ? { name, shape, data: floatsOfWeight(weight) } : weight];
    }),
  );
}

/** A weight that is all zeros, held as `dtype` says. */
export function emptyWeight(name: string, shape: readonly number[], dtype: HeldDtype): Weight {
  const length = elementCount(shape);
  return dtype === "float32"
    ? { name, shape, data: new Float32Array(length) }
    : { name, shape, dtype, data: new Uint16Array(length) };
}

/**
 * A weight held another way: in 16 bits, rounded to nearest.
 *
 * @throws {UserError} If a number is too large for it; the message names the weight.
 */
export function heldAs(parameter: Parameter, dtype: HeldDtype): Weight {
  if (dtype === "float32") return parameter;
  const { name, shape, data: numbers } = parameter;
  const data = new Uint16Array(numbers.length);
  narrow(numbers, data, { name, dtype });
  return { name, shape, dtype, data };
}

/**
 * Rounds finite numbers of a weight to the nearest bits.
 *
 * @throws {UserError} If a number is too large for it; the message names the weight.
 */
export function narrow(
  numbers: Float32Array,
  bits: Uint16Array,
  { name, dtype }: Pick<HalfParameter, "name" | "dtype">,
): void {
  halfFormats[dtype].narrow(numbers, bits);
  const at = firstBroken(halfFormats[dtype], bits);
  if (at >= 0) throw tooLarge(name, numbers[at], dtype);
}

/** What there is to say of a number that a format has no room for. */
export function tooLarge(name: string, number: number, dtype: HeldDtype, when = ""): UserError {
  const hint = dtype === "float16"
    ? "float16 ends at 65,504: hold the weights in bfloat16 or float32"
    : "Hold the weights in float32";
  return new UserError(`"${name}" holds ${number}${when}, which is too large for ${dtype}`, {
    hint,
  });
}
