import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { shuffle } from "../../lib/data/shuffle.ts";
import { runStage } from "./run_stage.ts";

const numbers = Array.from({ length: 100 }, (_, index) => index);

Deno.test("shuffle loses nothing, repeats itself, and changes with the seed", async () => {
  for (const buffer of [1, 7, 100, 1000]) {
    const { out } = await runStage(shuffle<number>({ buffer }), numbers);
    assertEquals(out.toSorted((a, b) => a - b), numbers);
    if (buffer > 1) assertNotEquals(out, numbers);
    assertEquals((await runStage(shuffle<number>({ buffer }), numbers)).out, out);
  }
  const { out } = await runStage(shuffle<number>(), numbers);
  assertNotEquals((await runStage(shuffle<number>(), numbers, { seed: 8 })).out, out);
});

Deno.test("shuffle holds back no more than its buffer", async () => {
  const { out } = await runStage(shuffle<number>({ buffer: 10 }), numbers);
  out.forEach((number, place) => assertEquals(number < place + 11, true));
});

Deno.test("shuffle refuses a buffer that holds nothing", () => {
  assertThrows(() => shuffle({ buffer: 0 }), RangeError, "buffer of 0");
});
