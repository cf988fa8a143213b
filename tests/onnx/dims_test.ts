import { assertEquals, assertThrows } from "@std/assert";
import { axisOf, broadcast, product, sameShape } from "../../lib/onnx/mod.ts";

Deno.test("product brings lengths into one form, whatever their order", () => {
  assertEquals(product([]), 1);
  assertEquals(product([2, 3]), 6);
  assertEquals(product(["tokens", 2, "heads"]), "2*heads*tokens");
  assertEquals(product(["heads", "2*tokens"]), product([2, "heads*tokens"]));
  assertEquals(product(["tokens", 1]), "tokens");
  assertEquals(product(["tokens", 0]), 0);
});

Deno.test("broadcast stretches lengths of 1 and adds leading ones", () => {
  assertEquals(broadcast([], ["tokens", 3]), ["tokens", 3]);
  assertEquals(broadcast(["tokens", 1], [4]), ["tokens", 4]);
  assertEquals(broadcast([1, "tokens"], ["keys", 1]), ["keys", "tokens"]);
  assertThrows(() => broadcast(["tokens"], ["keys"]), TypeError, "tokens and keys differ");
  assertThrows(() => broadcast([2], ["keys"]), TypeError, "Cannot broadcast [2] with [keys]");
});

Deno.test("sameShape compares ranks and symbols", () => {
  assertEquals(sameShape(["tokens", 2], ["tokens", 2]), true);
  assertEquals(sameShape(["tokens", 2], ["keys", 2]), false);
  assertEquals(sameShape(["tokens"], ["tokens", 2]), false);
});

Deno.test("axisOf counts from the back and refuses what is outside", () => {
  assertEquals([axisOf(3, 0), axisOf(3, -1), axisOf(3, 2)], [0, 2, 2]);
  assertThrows(() => axisOf(3, 3), RangeError, "Axis 3");
  assertThrows(() => axisOf(3, -4), RangeError, "Axis -4");
});
