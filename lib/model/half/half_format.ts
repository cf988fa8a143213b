/**
 * Number formats of 16 bits: what each of them is to weights.
 *
 * @module
 */

/** A way to hold numbers in 16 bits. Arrays of numbers and of their bits are of one length. */
export interface HalfFormat {
  /** What safetensors files call it. */
  readonly stored: "F16" | "BF16";
  /** The bits of its exponent: all of them are set in infinity and NaN, and in nothing else. */
  readonly exponent: number;
  /** Float32 numbers of bits: exact. */
  widen(bits: Uint16Array, numbers: Float32Array): void;
  /** Bits of float32 numbers, rounded to nearest, ties to even; NaN stays NaN. */
  narrow(numbers: Float32Array, bits: Uint16Array): void;
  /**
   * Bits of float32 numbers, rounded up or down by chance: a number that is a quarter of the way from
   * one number of the format to the next becomes the next one in a quarter of all draws. So the mean
   * of the results is the number, and what is too small to change a number once changes it in time.
   * Numbers of the format stay what they are.
   *
   * Source: Gupta and others, "Deep Learning with Limited Numerical Precision" (2015), section 3;
   * for weights that learn in bfloat16, Zamirai and others, "Revisiting BFloat16 Training" (2020).
   *
   * @param chance 16 random bits a number.
   * @returns The place of the first number that is too large for the format or no finite one, and
   * nothing is written from there on; or -1.
   */
  draw(numbers: Float32Array, bits: Uint16Array, chance: Uint16Array): number;
}

/** The bits of float32 numbers: the same memory. */
export function wordsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}

/** All of a float32 but its sign. */
export const MAGNITUDE = 0x7fffffff;

/** The place of the first infinity or NaN, or -1. */
export function firstBroken({ exponent }: HalfFormat, bits: Uint16Array): number {
  for (let at = 0; at < bits.length; at++) if ((bits[at] & exponent) === exponent) return at;
  return -1;
}
