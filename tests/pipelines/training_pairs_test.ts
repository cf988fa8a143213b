import { assertEquals } from "@std/assert";
import { createContext } from "../../lib/flow/mod.ts";
import { trainingPairs } from "../../pipelines/training_pairs.ts";
import type { PairRecord } from "../../lib/data/mod.ts";
import { pairRecord } from "../data/pairs.ts";
import { writeLines } from "./support/documents.ts";
import { inFolder } from "./support/program.ts";

const log = { info() {}, warn() {} };

/** Ids of all pairs that a run reads of a file of `count`, and the steps that they are to make. */
async function idsOf(
  count: number,
  recipe: { epochs: number; batchSize: number; steps?: number },
): Promise<{ ids: string[]; steps: number }> {
  let ids: string[] = [];
  let planned = 0;
  await inFolder(async (folder) => {
    const path = `${folder}/pairs.jsonl`;
    await writeLines(path, Array.from({ length: count }, (_, at) => pairRecord(`${at}`)));
    const { signal } = new AbortController();
    const all = { ...recipe, objective: "longpo" };
    const { source, steps, count: found } = await trainingPairs(path, all, log, signal);
    assertEquals(found, count);
    if (typeof source !== "function") throw new TypeError("the source can be read once only");
    ids = (await Array.fromAsync(source(createContext({ log })))).map(({ id }) => id);
    planned = steps;
  });
  return { ids, steps: planned };
}

Deno.test("trainingPairs gives whole epochs, and as many steps as they make", async () => {
  const { ids, steps } = await idsOf(5, { epochs: 3, batchSize: 4 });
  assertEquals([ids.length, steps], [15, 4]);
  assertEquals(ids.slice(0, 5).toSorted(), ["0", "1", "2", "3", "4"]);
});

Deno.test("trainingPairs begins again until there are enough for all steps", async () => {
  const { ids, steps } = await idsOf(3, { epochs: 1, batchSize: 4, steps: 5 });
  assertEquals([ids.length, steps], [21, 5]);
  assertEquals((await idsOf(3, { epochs: 9, batchSize: 2, steps: 1 })).ids.length, 3);
});

Deno.test("trainingPairs makes one step of one pair, however large a batch", async () => {
  assertEquals(await idsOf(1, { epochs: 1, batchSize: 8 }), { ids: ["0"], steps: 1 });
  assertEquals((await idsOf(1, { epochs: 1, batchSize: 8, steps: 2 })).ids.length, 16);
});

Deno.test("trainingPairs says whether the reference model is needed any more", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/pairs.jsonl`;
    const scored = { ...pairRecord("scored"), referenceHash: "someone's" };
    const { signal } = new AbortController();
    const known = async (objective: string, ...pairs: PairRecord[]) => {
      await writeLines(path, pairs);
      const recipe = { epochs: 1, batchSize: 1, objective };
      return (await trainingPairs(path, recipe, log, signal)).scored;
    };
    assertEquals(await known("longpo", scored, scored), true);
    assertEquals(await known("dpo", scored), false);
    assertEquals(await known("sft", pairRecord("bare")), true);
    const half = { ...scored, turns: [scored.turns[0], { ...scored.turns[1], reference: {} }] };
    assertEquals(await known("longpo", scored, half), false);
    // Whose log-probs these are nobody knows: they are computed anew.
    assertEquals(await known("longpo", scored, pairRecord("of nobody")), false);
  });
});
