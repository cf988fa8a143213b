import { type HalfFormat, MAGNITUDE, wordsOf } from "./half_format.ts";

/** Float32's infinity. */
const INFINITY = 0x7f800000;

/** The largest number of the format, as float32. */
const LARGEST = 0x7f7f0000;

/** The upper half of a float32: its range, and 8 bits of precision. */
export const bfloat16: HalfFormat = {
  stored: "BF16",
  exponent: 0x7f80,
  widen(bits, numbers) {
    const words = wordsOf(numbers);
    for (let at = 0; at < words.length; at++) words[at] = bits[at] << 16;
  },
  narrow(numbers, bits) {
    const words = wordsOf(numbers);
    for (let at = 0; at < words.length; at++) {
      const word = words[at];
      bits[at] = (word & MAGNITUDE) > INFINITY
        ? (word >>> 16) | 0x40
        : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
    }
  },
  draw(numbers, bits, chance) {
    const words = wordsOf(numbers);
    for (let at = 0; at < words.length; at++) {
      const word = words[at];
      if ((word & MAGNITUDE) > LARGEST) return at;
      bits[at] = (word + chance[at]) >>> 16;
    }
    return -1;
  },
};
