import { type HalfFormat, MAGNITUDE, wordsOf } from "./half_format.ts";

/** 65,504, the largest number of the format, as float32. */
const LARGEST = 0x477fe000;

/** 2^-14 as float32: below it, numbers of the format lie {@linkcode FINEST} apart. */
const LEAST_NORMAL = 0x38800000;

/** The distance of the smallest numbers of the format. */
const FINEST = 2 ** -24;

/** What float32's exponent is more than float16's. */
const BIAS = 0x38000000;

/** Bits of a float32 that the format has no room for. */
const LOST = 13;

function halvesOf({ buffer, byteOffset, length }: Uint16Array): Float16Array {
  return new Float16Array(buffer, byteOffset, length);
}

/** IEEE half precision: 11 bits of precision, up to 65,504. */
export const float16: HalfFormat = {
  stored: "F16",
  exponent: 0x7c00,
  widen(bits, numbers) {
    const halves = halvesOf(bits);
    for (let at = 0; at < numbers.length; at++) numbers[at] = halves[at];
  },
  narrow(numbers, bits) {
    halvesOf(bits).set(numbers);
  },
  draw(numbers, bits, chance) {
    const words = wordsOf(numbers);
    for (let at = 0; at < words.length; at++) {
      const magnitude = words[at] & MAGNITUDE;
      if (magnitude > LARGEST) return at;
      const up = chance[at] >>> (16 - LOST);
      const rounded = magnitude >= LEAST_NORMAL
        ? (magnitude - BIAS + up) >>> LOST
        : Math.floor(Math.abs(numbers[at]) / FINEST + up / 2 ** LOST);
      bits[at] = ((words[at] >>> 16) & 0x8000) | rounded;
    }
    return -1;
  },
};
