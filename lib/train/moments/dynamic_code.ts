/**
 * Numbers from -1 or 0 to 1 in a byte, fine near 0 and coarse near 1.
 *
 * @module
 */

/** Powers of ten that the numbers reach over, up to that of 0.1 to 1. */
const DECADES = 7;

/** 256 numbers in rising order; a byte is the place of one. */
export interface DynamicCode {
  /** The numbers. */
  readonly numbers: Float32Array<ArrayBuffer>;
  /** A number beyond `borders[code]` has a higher code. */
  readonly borders: Float32Array<ArrayBuffer>;
  /**
   * The lowest code of all numbers with the same upper 16 bits: theirs is that one or the next, since
   * no two borders lie between numbers that agree in so many bits.
   */
  readonly lowest: Uint8Array<ArrayBuffer>;
}

/**
 * The numbers of dynamic tree quantisation: each power of ten has twice as many as the one below it,
 * evenly spread; with 0 and 1 they are 256.
 *
 * Source: Dettmers and others, "8-bit Optimizers via Block-wise Quantization" (2022), section 1.3,
 * and `create_dynamic_map` of bitsandbytes.
 */
function dynamicNumbers(signed: boolean): Float32Array<ArrayBuffer> {
  const numbers = [0, 1];
  for (let decade = 0; decade < DECADES; decade++) {
    const top = 10 ** (decade + 1 - DECADES);
    const count = 2 ** (signed ? decade : decade + 1);
    for (let at = 0; at < count; at++) {
      const number = top * (0.1 + 0.9 * (at + 0.5) / count);
      numbers.push(...(signed ? [-number, number] : [number]));
    }
  }
  return Float32Array.from(numbers).sort();
}

function countBelow(borders: Float32Array, value: number): number {
  let [low, high] = [0, borders.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value > borders[middle]) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lowestCodes(borders: Float32Array): Uint8Array<ArrayBuffer> {
  const [bits, number] = sameBytes(1);
  return Uint8Array.from({ length: 2 ** 16 }, (_, upper) => {
    const ends = [0, 0xffff].map((lower) => {
      bits[0] = upper << 16 | lower;
      return countBelow(borders, number[0]);
    });
    return Math.min(...ends);
  });
}

/** Numbers and their bits: one memory. */
export function sameBytes(
  length: number,
): [bits: Uint32Array<ArrayBuffer>, numbers: Float32Array<ArrayBuffer>] {
  const bits = new Uint32Array(length);
  return [bits, new Float32Array(bits.buffer)];
}

/**
 * The code of numbers from -1 to 1, or of numbers from 0 to 1.
 *
 * Numbers become the nearest one. Only those from 0 to 1 never become 0 unless they are: they are
 * second moments, by whose root is divided.
 */
export function dynamicCode(signed: boolean): DynamicCode {
  const numbers = dynamicNumbers(signed);
  const borders = numbers.map((number, code) =>
    code + 1 < numbers.length ? (number + numbers[code + 1]) / 2 : Infinity
  );
  if (!signed) borders[0] = 0;
  return { numbers, borders, lowest: lowestCodes(borders) };
}
