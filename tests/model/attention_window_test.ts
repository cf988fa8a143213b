import { assert, assertEquals, assertLess } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { attentionPlan, packRow, type RowMarks, sees } from "../../lib/model/mod.ts";
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

/** `[query][key]`: what a plan lets see. */
function seenBy(row: RowMarks, longest: number, window: number): boolean[][] {
  const { groups, blocks, masks } = attentionPlan(row, longest, window);
  const tokens = row.document.length;
  const seen = Array.from({ length: tokens }, () => Array<boolean>(tokens).fill(false));
  for (let group = 0; group < groups.length; group += 4) {
    const [first, end, start, stop] = groups.slice(group, group + 4);
    for (let block = first; block < end; block++) {
      const [from, to, pastFrom, pastTo, ownFrom, ownTo, mask] = blocks.slice(8 * block);
      assert(0 <= pastFrom && pastFrom <= pastTo && pastTo <= ownFrom && ownFrom < ownTo);
      assert(start + ownTo <= stop);
      for (let query = from; query < to; query++) {
        seen[query].fill(true, start + pastFrom, start + pastTo);
        for (let key = ownFrom; key < ownTo; key++) {
          const at = mask + (query - from) * (ownTo - ownFrom) + key - ownFrom;
          seen[query][start + key] = masks[at] === 0;
        }
      }
    }
  }
  return seen;
}

Deno.test("with a window, plans let see what is near, and nothing else", () => {
  for (const row of rows) {
    for (const [longest, window] of [[1, 3], [5, 1], [5, 4], [5, 12], [64, 7], [7, 200]]) {
      const expected = Array.from(
        row.document,
        (_, query) => Array.from(row.document, (_, key) => sees(row, query, key, window)),
      );
      assertEquals(seenBy(row, longest, window), expected);
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
  for (const row of rows) assertEquals(attentionPlan(row, 5, 1000), attentionPlan(row, 5));
});

Deno.test("masks of a long row with a window are there once for blocks that are alike", () => {
  const trunk = 128 * 40;
  const row: RowMarks = {
    document: new Int32Array(trunk),
    branch: new Int32Array(trunk),
    position: Int32Array.from({ length: trunk }, (_, at) => at),
  };
  const { masks } = attentionPlan(row, 128, 512);
  assertLess(masks.length, 7 * 128 * 640);
});
