import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { Random } from "../../../lib/flow/random.ts";
import { dynamicCode } from "../../../lib/train/moments/dynamic_code.ts";
import { BLOCK_LENGTH, QuantisedArray } from "../../../lib/train/moments/quantised_array.ts";

const [signed, unsigned] = [true, false].map(dynamicCode);

Deno.test("dynamicCode has bitsandbytes' numbers", () => {
  // `create_dynamic_map(signed)` of bitsandbytes 0.46: both ends, and those around 0.
  const near = (actual: number, expected: number) =>
    assertAlmostEquals(actual, expected, 1e-6 * Math.abs(expected));
  for (const { numbers } of [signed, unsigned]) {
    assertEquals(numbers.length, 256);
    assert(numbers.every((number, at) => at === 0 || number > numbers[at - 1]));
  }
  [-0.9929687, -0.97890621, -0.96484375].forEach((number, at) => near(signed.numbers[at], number));
  [-3.25e-6, -5.5e-7, 0, 5.5e-7, 3.25e-6, 7.75e-6].forEach((number, at) =>
    near(signed.numbers[125 + at], number)
  );
  [0.97890621, 0.9929687, 1].forEach((number, at) => near(signed.numbers[253 + at], number));
  [0, 3.25e-7, 7.75e-7, 2.125e-6].forEach((number, at) => near(unsigned.numbers[at], number));
  [0.98945314, 0.9964844, 1].forEach((number, at) => near(unsigned.numbers[253 + at], number));
});

/** Random numbers of very different sizes, from -1 or 0 to 1, with the greatest among them. */
function spread(length: number, sign: boolean): Float32Array<ArrayBuffer> {
  const random = new Random("spread");
  return Float32Array.from({ length }, (_, at) => {
    const size = at % BLOCK_LENGTH === 3 ? 1 : 10 ** (-8 * random.next());
    return sign && random.next() < 0.5 ? -size : size;
  });
}

Deno.test("a quantised number is the nearest one of its code, and a second moment never 0", () => {
  for (const [code, sign] of [[signed, true], [unsigned, false]] as const) {
    const numbers = spread(20 * BLOCK_LENGTH, sign);
    const array = new QuantisedArray(numbers.length, code);
    array.write(0, numbers);
    const read = new Float32Array(numbers.length);
    array.read(0, read);
    for (const [at, number] of numbers.entries()) {
      const choices = sign ? code.numbers : code.numbers.subarray(1);
      const least = choices.reduce((least, one) => Math.min(least, Math.abs(one - number)), 2);
      assertLessOrEqual(Math.abs(read[at] - number), least * (1 + 1e-6) + 1e-12, `${number}`);
      assert(sign || read[at] > 0);
    }
  }
});

Deno.test("no number is further off than half the widest gap of its block", () => {
  const random = new Random("blocks");
  const length = 5 * BLOCK_LENGTH + 17;
  for (const [code, sign] of [[signed, true], [unsigned, false]] as const) {
    const widest = code.numbers.reduce(
      (most, number, at, all) => at === 0 ? most : Math.max(most, number - all[at - 1]),
      0,
    );
    const sizes = [1e-38, 1e-12, 1, 1e10, 1e38, 1e-3];
    const numbers = Float32Array.from({ length }, (_, at) => {
      const number = random.normal() * sizes[Math.floor(at / BLOCK_LENGTH)] / 8;
      return sign ? number : Math.abs(number);
    });
    const array = new QuantisedArray(length, code);
    array.write(0, numbers);
    const read = new Float32Array(length);
    array.read(0, read);
    for (const [block, scale] of array.scales.entries()) {
      const [from, to] = [block * BLOCK_LENGTH, Math.min(length, (block + 1) * BLOCK_LENGTH)];
      assertEquals(scale, Math.max(...numbers.subarray(from, to).map(Math.abs)));
      for (let at = from; at < to; at++) {
        assertLessOrEqual(Math.abs(read[at] - numbers[at]), (widest / 2 + 1e-6) * scale);
      }
    }
    // The least that there is, -1, has no number of its own among 256.
    assertLessOrEqual(widest / 2, sign ? 0.0071 : 0.0036);
  }
});

Deno.test("QuantisedArray is zeros at first, and changes only the blocks that are written", () => {
  const array = new QuantisedArray(3 * BLOCK_LENGTH, signed);
  const read = () => {
    const numbers = new Float32Array(3 * BLOCK_LENGTH).fill(NaN);
    array.read(0, numbers);
    return numbers;
  };
  assert(read().every((number) => number === 0));
  array.write(BLOCK_LENGTH, new Float32Array(BLOCK_LENGTH).fill(2));
  const expected = new Float32Array(3 * BLOCK_LENGTH).fill(2, BLOCK_LENGTH, 2 * BLOCK_LENGTH);
  assertEquals(read().map(Math.abs), expected);
  array.write(BLOCK_LENGTH, new Float32Array(BLOCK_LENGTH));
  assert(read().every((number) => number === 0));
  const tail = new Float32Array(5);
  array.read(2 * BLOCK_LENGTH, tail);
  assertEquals(tail.map(Math.abs), new Float32Array(5));
});
