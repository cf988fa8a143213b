import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { Random } from "../../lib/flow/random.ts";

function draw(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.next());
}

Deno.test("Random repeats its numbers for the same seed and changes them for another", () => {
  assertEquals(draw(new Random(3), 50), draw(new Random(3), 50));
  assertNotEquals(draw(new Random(3), 5), draw(new Random(4), 5));
  assertNotEquals(draw(new Random(1), 5), draw(new Random("1"), 5));
});

Deno.test("Random keeps its numbers from release to release", () => {
  const random = new Random(7);
  const numbers = [random.int(1e6), random.int(1e6), random.int(1e6), random.int(1e6)];
  assertEquals(numbers, [8568, 963108, 429232, 838905]);
});

Deno.test("Random fills [0, 1) evenly", () => {
  const numbers = draw(new Random("even"), 20_000);
  assert(numbers.every((number) => number >= 0 && number < 1));
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length / 20_000;
    assertAlmostEquals(share, 0.1, 0.01);
  }
});

Deno.test("Random.normal has mean 0 and variance 1", () => {
  const random = new Random("normal");
  const numbers = Array.from({ length: 20_000 }, () => random.normal());
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const variance = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / numbers.length;
  assertAlmostEquals(mean, 0, 0.03);
  assertAlmostEquals(variance, 1, 0.05);
});

Deno.test("Random.int stays below its bound and reaches all of it", () => {
  const random = new Random(0);
  const seen = new Set(Array.from({ length: 200 }, () => random.int(5)));
  assertEquals([...seen].sort(), [0, 1, 2, 3, 4]);
  assertThrows(() => random.int(0), RangeError, "not 0");
  assertThrows(() => random.int(1.5), RangeError, "not 1.5");
});

Deno.test("Random.pick takes from the items and refuses none", () => {
  const random = new Random(0);
  assert(["a", "b"].includes(random.pick(["a", "b"])));
  assertThrows(() => random.pick([]), RangeError, "no items");
});

Deno.test("Random.shuffle keeps the items and leaves the given array alone", () => {
  const items = Array.from({ length: 20 }, (_, index) => index);
  const shuffled = new Random(1).shuffle(items);
  assertNotEquals(shuffled, items);
  assertEquals(items[0], 0);
  assertEquals([...shuffled].sort((a, b) => a - b), items);
});

Deno.test("Random.fork depends on seed and labels, not on what was drawn", () => {
  const fresh = new Random(9);
  const used = new Random(9);
  draw(used, 13);
  assertEquals(draw(fresh.fork("chunk", 4), 5), draw(used.fork("chunk", 4), 5));
  assertNotEquals(draw(fresh.fork("a", "b"), 5), draw(fresh.fork("ab"), 5));
  assertNotEquals(draw(fresh.fork("1"), 5), draw(fresh.fork(1), 5));
  assertNotEquals(draw(fresh.fork("x"), 5), draw(new Random(10).fork("x"), 5));
});

Deno.test("Random.fill gives the same bits for the same seed, each as often set as not", () => {
  const words = (seed: number) => {
    const all = new Uint32Array(4096);
    new Random(seed).fill(all);
    return all;
  };
  assertEquals(words(1), words(1));
  assertNotEquals(words(1), words(2));
  for (let bit = 0; bit < 32; bit++) {
    const share = words(1).filter((word) => word >>> bit & 1).length / 4096;
    assert(Math.abs(share - 0.5) < 4 * Math.sqrt(0.25 / 4096), `bit ${bit}: ${share}`);
  }
});
