/**
 * How float32 numbers are written to a file.
 *
 * @module
 */

type Numbers = Float32Array<ArrayBuffer>;
type Bytes = Uint8Array<ArrayBuffer>;

/** A way to write numbers, piece by piece. */
export interface NumberFormat {
  /** Bytes of a piece of so many numbers. */
  size(count: number): number;
  /** A piece's bytes, which are what they are until the next call. */
  encode(numbers: Numbers): Bytes;
  /** Gets all of a piece's numbers out of its bytes. */
  decode(bytes: Bytes, numbers: Numbers): void;
}

/** The bytes of an array. */
export function bytesOf({ buffer, byteOffset, byteLength }: Numbers): Bytes {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Numbers as they are. */
export const float32: NumberFormat = {
  size: (count) => count * Float32Array.BYTES_PER_ELEMENT,
  encode: bytesOf,
  decode: (bytes, numbers) => bytesOf(numbers).set(bytes),
};

/** In front of a piece's numbers: what all of them are to be multiplied by. */
const SCALE_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** A piece's largest number becomes less than the double of this; float16 ends at 65,504. */
const LARGEST = 2 ** 14;

/** The smallest power of two that a float32 of full precision is. */
const LEAST = 2 ** -126;

/** The power of two that makes a piece's numbers reach as far up as float16 does. */
function scaleOf(numbers: Numbers): number {
  let largest = 0;
  for (let at = 0; at < numbers.length; at++) {
    const size = Math.abs(numbers[at]);
    if (size > largest) largest = size;
  }
  if (largest === 0 || largest === Infinity) return 1;
  return Math.max(LEAST, 2 ** Math.floor(Math.log2(largest)) / LARGEST);
}

/**
 * Numbers of 11 bits' precision in 2 bytes: float16, with a power of two a piece, so that nothing is too
 * large for it and nothing that matters beside the largest too small.
 *
 * Gradients are then off by 0.1 to 0.3 % of the largest of their matrix at most, and by 1 to 2 % with bfloat16,
 * which has 8 bits (models of 3, 4 and 30 layers).
 */
export function float16(): NumberFormat {
  let bytes: Bytes = new Uint8Array(0);
  const size = (count: number) => SCALE_BYTES + count * Float16Array.BYTES_PER_ELEMENT;
  const parts = ({ buffer, byteOffset }: Bytes, count: number) => ({
    scale: new Float32Array(buffer, byteOffset, 1),
    halves: new Float16Array(buffer, byteOffset + SCALE_BYTES, count),
  });
  return {
    size,
    encode(numbers) {
      const length = size(numbers.length);
      if (bytes.length < length) bytes = new Uint8Array(length);
      const { scale, halves } = parts(bytes, numbers.length);
      scale[0] = scaleOf(numbers);
      const factor = 1 / scale[0];
      for (let at = 0; at < halves.length; at++) halves[at] = numbers[at] * factor;
      return bytes.subarray(0, length);
    },
    decode(bytes, numbers) {
      const { scale: [scale], halves } = parts(bytes, numbers.length);
      for (let at = 0; at < halves.length; at++) numbers[at] = halves[at] * scale;
    },
  };
}
