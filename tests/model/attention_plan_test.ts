import { assert, assertEquals, assertThrows } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { attentionBlocks, attentionPlan, type RowMarks, sees } from "../../lib/model/mod.ts";
import { rowsOf, seenByBlocks, seenByTiles } from "../support/plan_views.ts";

/** Marks of documents, given as the trunk's length and each branch's. */
function marks(documents: readonly (readonly number[])[]): RowMarks {
  const each = (mark: (document: number, branch: number) => number) =>
    Int32Array.from(
      documents.flatMap((parts, document) =>
        parts.flatMap((length, branch) => Array<number>(length).fill(mark(document, branch)))
      ),
    );
  const document = each((at) => at);
  return { document, branch: each((_, branch) => branch), position: document };
}

/** Rows of up to 5 documents, some of them without trunk or branches. */
const rows = Array.from({ length: 60 }, (_, seed) => {
  const random = new Random(`row ${seed}`);
  return Array.from({ length: 1 + random.int(5) }, () => {
    const trunk = random.int(4) === 0 ? 0 : random.int(25);
    const branches = Array.from({ length: random.int(5) }, () => 1 + random.int(9));
    return trunk + branches.length === 0 ? [1] : [trunk, ...branches];
  });
});

const cuts = [{ queries: 1, keys: 1 }, { queries: 5, keys: 12 }, { queries: 12, keys: 5 }, {}];

/** Pairs of what each token sees. */
function expected(row: RowMarks): boolean[][] {
  return Array.from(
    row.document,
    (_, query) => Array.from(row.document, (_, key) => sees(row, query, key)),
  );
}

Deno.test("blocks cover the row in order, and none is longer than asked for", () => {
  for (const documents of rows) {
    const row = marks(documents);
    const tokens = row.document.length;
    for (const longest of [1, 4, 7, tokens, tokens + 3]) {
      let at = 0;
      const options = { longest, window: Infinity };
      for (const { queries } of attentionBlocks(row, options)) {
        assertEquals(queries.from, at);
        assert(queries.to > at && queries.to - at <= longest);
        at = queries.to;
      }
      assertEquals(at, tokens);
    }
  }
});

Deno.test("tiles cover the row in order, and none is longer than asked for", () => {
  for (const documents of rows) {
    for (const keys of [1, 5, 13, 200]) {
      let at = 0;
      for (
        const [from, to] of rowsOf(attentionPlan(marks(documents), { queries: 4, keys }).tiles, 8)
      ) {
        assertEquals(from, at);
        assert(to > at && to - at <= keys);
        at = to;
      }
      assertEquals(at, marks(documents).document.length);
    }
  }
});

Deno.test("blocks see their past and what the mask lets through, once each, and nothing else", () => {
  for (const documents of rows) {
    const row = marks(documents);
    for (const cut of cuts) assertEquals(seenByBlocks(attentionPlan(row, cut)), expected(row));
  }
});

Deno.test("tiles are seen by near and far blocks as the blocks see them", () => {
  for (const documents of rows) {
    const row = marks(documents);
    for (const cut of cuts) assertEquals(seenByTiles(attentionPlan(row, cut)), expected(row));
  }
});

Deno.test("all blocks behind a long trunk's tile are far: they read it as it lies", () => {
  const { tiles, blocks } = attentionPlan(marks([[59, 5, 6, 7]]), { queries: 8, keys: 16 });
  const trunk = rowsOf(tiles, 8).slice(0, 4);
  assertEquals(trunk.map(([from, to]) => to - from), [16, 16, 16, 11]);
  assertEquals(trunk.map(([, , first, far, end]) => [far - first, end]), [
    ...Array(4).fill([2, blocks.length / 10]),
  ]);
});

Deno.test("documents share tiles only where they share blocks", () => {
  const lengths = (length: number) => {
    const row = marks(Array<[number, number]>(6).fill([length - 1, 1]));
    return rowsOf(attentionPlan(row, { queries: 8, keys: 50 }).tiles, 8)
      .map(([from, to]) => to - from);
  };
  assertEquals(lengths(4), [8, 8, 8]);
  assertEquals(lengths(9), [9, 9, 9, 9, 9, 9]);
});

Deno.test("places are one a token, within full blocks and tiles", () => {
  const rising = (places: Int32Array) =>
    places.every((at, token) => at > (places[token - 1] ?? -1));
  for (const documents of rows) {
    const plan = attentionPlan(marks(documents), { queries: 6, keys: 9 });
    const [queries, keys, done] = plan.longest;
    assert([plan.queryPlaces, plan.keyPlaces, plan.blockPlaces].every(rising));
    assert(plan.queryPlaces.at(-1)! < plan.blocks.length / 10 * queries);
    assert(plan.keyPlaces.at(-1)! < plan.tiles.length / 8 * keys);
    assert(plan.blockPlaces.at(-1)! < plan.tiles.length / 8 * done);
  }
});

Deno.test("masks of blocks that see by order alone are there once", () => {
  const { masks } = attentionPlan(marks([[64, 8], [64, 8]]), { queries: 8 });
  assertEquals(masks.length, 64);
});

Deno.test("masks do not grow with the branches", () => {
  const lengths = [80, 160, 320].map((branch) =>
    attentionPlan(marks([[100, branch, branch]]), { queries: 8, keys: 32 }).masks.length
  );
  assertEquals(lengths, Array(3).fill(lengths[0]));
});

Deno.test("a row without tokens cannot be planned", () => {
  assertThrows(() => attentionPlan(marks([])), RangeError, "without tokens");
});
