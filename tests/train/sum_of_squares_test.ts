import { assertAlmostEquals, assertEquals } from "@std/assert";
import { sumOfSquares } from "../../lib/train/sum_of_squares.ts";

Deno.test("sumOfSquares adds up every number, whatever the length", () => {
  for (let length = 0; length < 10; length++) {
    const numbers = Float32Array.from({ length }, (_, at) => at + 1);
    const expected = length * (length + 1) * (2 * length + 1) / 6;
    assertEquals(sumOfSquares(numbers), expected);
  }
});

Deno.test("sumOfSquares of many numbers is as exact as of few", () => {
  const numbers = new Float32Array(2 ** 22).fill(1e-3);
  const expected = 2 ** 22 * Math.fround(1e-3) ** 2;
  assertAlmostEquals(sumOfSquares(numbers) / expected, 1, 1e-9);
});
