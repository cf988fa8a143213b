/**
 * Numbers at a byte each, and a scale for each block of them.
 *
 * @module
 */

import { type DynamicCode, sameBytes } from "./dynamic_code.ts";

/** Numbers of a block: bitsandbytes' choice. Large ones cost precision in their own block only. */
export const BLOCK_LENGTH = 256;

const [scaledBits, scaled] = sameBytes(BLOCK_LENGTH);

/** The largest magnitude. */
function largest(numbers: Float32Array, from: number, to: number): number {
  let most = 0;
  for (let at = from; at < to; at++) {
    const size = Math.abs(numbers[at]);
    if (size > most) most = size;
  }
  return most;
}

/** An array of numbers, all zero at first, that takes little more than a byte a number. */
export class QuantisedArray {
  /** The place of each number over its block's scale, in the code. */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** The largest magnitude of each block. */
  readonly scales: Float32Array<ArrayBuffer>;
  readonly #code: DynamicCode;

  /** Zeros. */
  constructor(length: number, code: DynamicCode) {
    this.codes = new Uint8Array(length);
    this.scales = new Float32Array(Math.ceil(length / BLOCK_LENGTH));
    this.#code = code;
  }

  /** Fills `numbers` with what is there from a block's beginning on. */
  read(from: number, numbers: Float32Array): void {
    const { codes, scales } = this;
    const { numbers: values } = this.#code;
    for (let start = 0; start < numbers.length; start += BLOCK_LENGTH) {
      const scale = scales[(from + start) / BLOCK_LENGTH];
      const end = Math.min(start + BLOCK_LENGTH, numbers.length);
      for (let at = start; at < end; at++) numbers[at] = values[codes[from + at]] * scale;
    }
  }

  /** Replaces what is there from a block's beginning on, by whole blocks. */
  write(from: number, numbers: Float32Array): void {
    const { codes, scales } = this;
    const { borders, lowest } = this.#code;
    for (let start = 0; start < numbers.length; start += BLOCK_LENGTH) {
      const end = Math.min(start + BLOCK_LENGTH, numbers.length);
      const scale = largest(numbers, start, end);
      scales[(from + start) / BLOCK_LENGTH] = scale;
      const inverse = scale === 0 ? 0 : 1 / scale;
      for (let at = start; at < end; at++) scaled[at - start] = numbers[at] * inverse;
      for (let at = 0; at < end - start; at++) {
        const code = lowest[scaledBits[at] >>> 16];
        codes[from + start + at] = scaled[at] > borders[code] ? code + 1 : code;
      }
    }
  }
}
