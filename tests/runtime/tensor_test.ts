import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { floats, floatScalar, floatsOf, ints } from "../../lib/runtime/mod.ts";

Deno.test("floats takes an array as it is, under a shape that fits it", () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  assertStrictEquals(floats(data, [2, 3]).data, data);
  assertEquals(floats(Float32Array.of(7), []).shape, []);
  assertEquals(floats(new Float32Array(), [0, 3]).shape, [0, 3]);
  const says = "shape [2,2]: it holds 4 elements, 6 were given";
  assertThrows(() => floats(data, [2, 2]), RangeError, says);
});

Deno.test("ints makes int64 of numbers, a vector unless told otherwise", () => {
  assertEquals(ints([1, -2]), { type: "int64", data: BigInt64Array.of(1n, -2n), shape: [2] });
  assertEquals(ints(Int32Array.of(1, 2), [2, 1]).shape, [2, 1]);
  assertEquals(ints([]).shape, [0]);
  assertThrows(() => ints([1, 2, 3], [2]), RangeError, "3 were given");
});

Deno.test("floatScalar has no axes", () => {
  assertEquals(floatScalar(0.5), { type: "float32", data: Float32Array.of(0.5), shape: [] });
});

Deno.test("floatsOf refuses what is not float32", () => {
  assertEquals(floatsOf(floatScalar(2)), Float32Array.of(2));
  assertThrows(() => floatsOf(ints([1])), TypeError, "Expected float32, found int64");
});
