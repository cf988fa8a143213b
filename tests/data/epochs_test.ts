import { assertEquals, assertNotEquals } from "@std/assert";
import { epochs } from "../../lib/data/mod.ts";
import { createContext, type StageContext } from "../../lib/flow/mod.ts";

const letters = [..."abcdefghij"];

Deno.test("epochs gives all records before any of them again, each time in another order", async () => {
  const source = epochs(letters, 3);
  const rows = await Array.fromAsync(source(createContext({ seed: 4 })));
  const parts = [rows.slice(0, 10), rows.slice(10, 20), rows.slice(20)];
  for (const part of parts) assertEquals(part.toSorted(), letters);
  assertNotEquals(parts[0], parts[1]);
  assertNotEquals(parts[1], parts[2]);
  assertEquals(await Array.fromAsync(source(createContext({ seed: 4 }))), rows);
  assertNotEquals(await Array.fromAsync(source(createContext({ seed: 5 }))), rows);
});

Deno.test("epochs begins with the same order, however many follow", async () => {
  const [once, twice] = await Promise.all(
    [1, 2].map((count) => Array.fromAsync(epochs(letters, count)(createContext()))),
  );
  assertEquals(twice.slice(0, 10), once);
});

Deno.test("epochs counts what is dropped in the first only", async () => {
  const drops: string[] = [];
  const meter = { drop: (reason: string) => void drops.push(reason), count() {} };
  async function* source({ meter }: StageContext) {
    meter.drop("broken");
    yield 1;
  }
  assertEquals(await Array.fromAsync(epochs(source, 3)(createContext({ meter }))), [1, 1, 1]);
  assertEquals(drops, ["broken"]);
});

Deno.test("epochs of a source that gives nothing end", async () => {
  assertEquals(await Array.fromAsync(epochs([], Infinity)(createContext())), []);
});
