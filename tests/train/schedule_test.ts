import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { learningRateAt } from "../../lib/train/mod.ts";

const rates = (steps: number, options: { warmup?: number; floor?: number } = {}): number[] =>
  Array.from(
    { length: steps },
    (_, step) => learningRateAt({ learningRate: 1, steps, ...options }, step),
  );

Deno.test("learningRateAt rises linearly to the highest rate and falls from there", () => {
  const all = rates(100);
  assertEquals(all.slice(0, 10), Array.from({ length: 10 }, (_, step) => (step + 1) / 10));
  assertEquals(Math.max(...all), 1);
  assertEquals(all[10], 1);
  for (let step = 11; step < 100; step++) assert(all[step] < all[step - 1], `step ${step}`);
  assert(all.every((rate) => rate > 0));
});

Deno.test("learningRateAt is a cosine after the warm-up", () => {
  const all = rates(110, { warmup: 10 / 110 });
  assertAlmostEquals(all[10 + 50], 0.5, 1e-12);
  assertAlmostEquals(all[10 + 25], (1 + Math.SQRT1_2) / 2, 1e-12);
});

Deno.test("learningRateAt goes down to the floor and stays there", () => {
  const schedule = { learningRate: 2, steps: 20, warmup: 0, floor: 0.1 };
  assertEquals(learningRateAt(schedule, 0), 2);
  assertAlmostEquals(learningRateAt(schedule, 10), 2 * (0.1 + 0.9 / 2), 1e-12);
  assertAlmostEquals(learningRateAt(schedule, 20), 0.2, 1e-12);
  assertAlmostEquals(learningRateAt(schedule, 1000), 0.2, 1e-12);
});

Deno.test("learningRateAt gives a usable rate for runs of a step or two", () => {
  assertEquals(rates(1), [1]);
  assertEquals(rates(1, { warmup: 1 }), [1]);
  assertEquals(rates(2, { warmup: 0 }), [1, 0.5]);
  assertEquals(rates(3, { warmup: 1 }), [1 / 3, 2 / 3, 1]);
});
