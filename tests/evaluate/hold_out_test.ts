import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { holdOut } from "@longpo/longpo/evaluate";

const ids = Array.from({ length: 40 }, (_, at) => `document-${at}`);

Deno.test("holdOut takes the share, and one at least", () => {
  const held = (count: number, share = 0.1) =>
    holdOut(ids.slice(0, count), { share, seed: 1 }).size;
  assertEquals([2, 4, 14, 16, 40].map((count) => held(count)), [1, 1, 1, 2, 4]);
  assertEquals(held(40, 0.5), 20);
  assertEquals(held(2, 0.9), 1);
});

Deno.test("holdOut depends on seed and ids, not on their order or how often they come", () => {
  const options = { share: 0.1, seed: 1 };
  const held = holdOut(ids, options);
  assertEquals(holdOut([...ids.toReversed(), ...ids], options), held);
  assertNotEquals(holdOut(ids, { ...options, seed: 2 }), held);
  assertEquals(held.isSubsetOf(new Set(ids)), true);
});

Deno.test("holdOut leaves something to train on or refuses", () => {
  assertThrows(
    () => holdOut(["a", "a"], { share: 0.1, seed: 1 }),
    RangeError,
    "any of 1 documents",
  );
  assertThrows(() => holdOut([], { share: 0.1, seed: 1 }), RangeError, "any of 0");
});
