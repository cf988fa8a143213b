import { assert, assertEquals } from "@std/assert";
import { Random } from "../../lib/flow/mod.ts";
import { type HalfDtype, type HalfFormat, halfFormats } from "../../lib/model/mod.ts";

const formats = Object.entries(halfFormats) as [HalfDtype, HalfFormat][];

/** All that a format can hold, by its bits. */
const allBits = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);

function numberOf(format: HalfFormat, bits: number): number {
  const numbers = new Float32Array(1);
  format.widen(Uint16Array.of(bits), numbers);
  return numbers[0];
}

/** Numbers that are finite, in rising order from 0 on. */
function positive(format: HalfFormat): number[] {
  return Array.from({ length: format.exponent }, (_, bits) => numberOf(format, bits));
}

/** What a number becomes, once a draw. */
function draws(format: HalfFormat, number: number, count: number, random: Random): number[] {
  const chance = new Uint32Array(count / 2);
  random.fill(chance);
  const numbers = new Float32Array(count).fill(number);
  const bits = new Uint16Array(count);
  assertEquals(format.draw(numbers, bits, new Uint16Array(chance.buffer)), -1);
  const drawn = new Float32Array(count);
  format.widen(bits, drawn);
  return [...drawn];
}

Deno.test("widened bits are the numbers that IEEE 754 and bfloat16 have for them", () => {
  const halves = new Float16Array(allBits.buffer);
  const words = Uint32Array.from(allBits, (bits) => bits << 16);
  const expected = { float16: halves, bfloat16: new Float32Array(words.buffer) };
  for (const [name, format] of formats) {
    const numbers = new Float32Array(allBits.length);
    format.widen(allBits, numbers);
    assert(numbers.every((number, at) => Object.is(number, expected[name][at])), name);
  }
});

for (const [name, format] of formats) {
  Deno.test(`${name} numbers stay what they are, to nearest and by chance`, () => {
    const numbers = new Float32Array(allBits.length);
    format.widen(allBits, numbers);
    const narrowed = new Uint16Array(allBits.length);
    format.narrow(numbers, narrowed);
    const random = new Random(name);
    for (const [bits, number] of numbers.entries()) {
      if (Number.isNaN(number)) assert(Number.isNaN(numberOf(format, narrowed[bits])));
      else assertEquals(narrowed[bits], bits);
      if (!Number.isFinite(number)) continue;
      const drawn = new Uint16Array(1);
      const chance = Uint16Array.of(random.int(2 ** 16));
      assertEquals(format.draw(Float32Array.of(number), drawn, chance), -1);
      assertEquals(drawn[0], bits);
    }
  });

  Deno.test(`${name} rounds to nearest, and ties to even`, () => {
    const all = positive(format);
    for (const bits of [0, 1, 2, 1000, 1001, 0x3c00, 0x3c01, format.exponent - 2]) {
      const [low, high] = [all[bits], all[bits + 1]];
      const middle = (low + high) / 2;
      const near = Float32Array.of(low + (high - low) * 0.25, low + (high - low) * 0.75, middle);
      const rounded = new Uint16Array(3);
      format.narrow(near, rounded);
      assertEquals([...rounded], [bits, bits + 1, bits % 2 === 0 ? bits : bits + 1], `${low}`);
    }
  });

  Deno.test(`${name} draws one of the two next numbers, and the number is their mean`, () => {
    const random = new Random(name);
    const all = positive(format);
    const count = 2 ** 14;
    // Numbers next to 0, about 1, and the largest ones.
    for (const bits of [0, 1, 37, 0x03ff, 0x0400, 0x3c00, 0x3fff, format.exponent - 2]) {
      for (const share of [1 / 64, 0.3, 0.5, 0.9]) {
        for (const sign of [-1, 1]) {
          const [low, high] = [all[bits], all[bits + 1]];
          const number = Math.fround(sign * (low + (high - low) * share));
          // What float32 has of the share, which is little where numbers are tiny.
          const exact = (Math.abs(number) - low) / (high - low);
          const drawn = draws(format, number, count, random);
          const ups = drawn.filter((one) => Math.abs(one) === high).length;
          const downs = drawn.filter((one) => Math.abs(one) === low).length;
          assertEquals(ups + downs, count);
          assert(drawn.every((one) => one === 0 || Math.sign(one) === sign));
          // Four standard deviations, and what 13 bits of chance cannot tell apart.
          const tolerance = 4 * Math.sqrt(exact * (1 - exact) / count) + 2 ** -13;
          assert(Math.abs(ups / count - exact) <= tolerance, `${number}: ${ups / count}, ${exact}`);
        }
      }
    }
  });

  Deno.test(`${name} draws nothing for what is too large for it, and says where it is`, () => {
    const largest = positive(format).at(-1)!;
    const chance = new Uint16Array(3).fill(0xffff);
    for (const wrong of [Infinity, -Infinity, NaN, largest * (1 + 2 ** -20)]) {
      const bits = new Uint16Array(3);
      assertEquals(format.draw(Float32Array.of(1, wrong, 1), bits, chance), 1);
      assertEquals([bits[1], bits[2]], [0, 0]);
    }
    const bits = new Uint16Array(2);
    assertEquals(format.draw(Float32Array.of(largest, -largest), bits, chance), -1);
    assertEquals([...bits].map((one) => numberOf(format, one)), [largest, -largest]);
  });
}
