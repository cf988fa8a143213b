import { assertEquals, assertLess } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { attentionPlan, packRow, type RowMarks, sees } from "../../lib/model/mod.ts";
import { seenByBlocks, seenByTiles } from "../support/plan_views.ts";
import { randomDocument } from "../support/random_document.ts";

/** Rows of up to 3 documents with up to 2 turns. */
const rows: RowMarks[] = Array.from({ length: 25 }, (_, seed) => {
  const random = new Random(`row ${seed}`);
  const answer = () => [1 + random.int(9), 1 + random.int(9)] as const;
  return packRow(Array.from({ length: 1 + random.int(3) }, () =>
    randomDocument(random, {
      id: "document",
      vocabulary: 40,
      trunk: 1 + random.int(30),
      answers: [answer(), answer()].slice(random.int(2)),
    })));
});

/** Queries of a block, keys of a tile, and the window. */
const CUTS = [[1, 1, 3], [5, 7, 1], [5, 3, 4], [5, 4, 12], [64, 9, 7], [7, 64, 200]];

Deno.test("with a window, plans let see what is near, and nothing else", () => {
  for (const row of rows) {
    for (const [queries, keys, window] of CUTS) {
      const expected = Array.from(
        row.document,
        (_, query) => Array.from(row.document, (_, key) => sees(row, query, key, window)),
      );
      const plan = attentionPlan(row, { queries, keys, window });
      assertEquals(seenByBlocks(plan), expected);
      assertEquals(seenByTiles(plan), expected);
    }
  }
});

Deno.test("sees counts a window in positions of the token's own sequence", () => {
  const row: RowMarks = {
    document: Int32Array.of(0, 0, 0, 0, 0, 0),
    branch: Int32Array.of(0, 0, 1, 1, 2, 2),
    position: Int32Array.of(0, 1, 2, 3, 2, 3),
  };
  const keys = (query: number, window: number) =>
    [0, 1, 2, 3, 4, 5].filter((key) => sees(row, query, key, window));
  assertEquals(keys(5, Infinity), [0, 1, 4, 5]);
  assertEquals(keys(5, 3), [1, 4, 5]);
  assertEquals(keys(5, 1), [5]);
  assertEquals(keys(4, 2), [1, 4]);
});

Deno.test("a window longer than the row changes nothing of its plan", () => {
  for (const row of rows) {
    const cut = { queries: 5, keys: 8 };
    assertEquals(attentionPlan(row, { ...cut, window: 1000 }), attentionPlan(row, cut));
  }
});

Deno.test("masks of a long row with a window are there once for blocks that are alike", () => {
  const trunk = 128 * 40;
  const row: RowMarks = {
    document: new Int32Array(trunk),
    branch: new Int32Array(trunk),
    position: Int32Array.from({ length: trunk }, (_, at) => at),
  };
  const { masks } = attentionPlan(row, { queries: 128, window: 512 });
  assertLess(masks.length, 7 * 128 * 640);
});
