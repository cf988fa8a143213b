import { assert, assertEquals, assertThrows } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { attentionGroups, attentionPlan, type RowMarks, sees } from "../../lib/model/mod.ts";

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

Deno.test("blocks cover the row in order, and none is longer than asked for", () => {
  for (const documents of rows) {
    const row = marks(documents);
    const tokens = row.document.length;
    for (const longest of [1, 4, 7, tokens, tokens + 3]) {
      let at = 0;
      for (const { tokens: { from, to }, blocks } of attentionGroups(row, longest)) {
        assertEquals(from, at);
        for (const { queries } of blocks) {
          assertEquals(queries.from, at);
          assert(queries.to > at && queries.to - at <= longest);
          at = queries.to;
        }
        assertEquals(to, at);
      }
      assertEquals(at, tokens);
    }
  }
});

Deno.test("past keys are seen by all of a block, own keys as the mask says, others by none", () => {
  for (const documents of rows) {
    const row = marks(documents);
    for (const longest of [1, 5, 64]) {
      const { groups, blocks, masks } = attentionPlan(row, longest);
      for (let group = 0; group < groups.length; group += 4) {
        const [first, end, start] = groups.slice(group, group + 4);
        for (let block = first; block < end; block++) {
          const at = (column: number) => blocks[8 * block + column];
          const within = (key: number, column: number) =>
            key - start >= at(column) && key - start < at(column + 1);
          assert(at(2) <= at(3) && at(3) <= at(4) && at(4) < at(5));
          const width = at(5) - at(4);
          assertEquals(at(7) - at(6), width * (at(1) - at(0)));
          for (let query = at(0); query < at(1); query++) {
            for (let key = 0; key < row.document.length; key++) {
              const masked = masks[at(6) + (query - at(0)) * width + key - start - at(4)];
              const seen = within(key, 2) || (within(key, 4) && masked === 0);
              assertEquals(seen, sees(row, query, key), `${documents}: ${query} sees ${key}`);
            }
          }
        }
      }
    }
  }
});

Deno.test("places are one a token, within full groups and blocks", () => {
  for (const documents of rows) {
    const row = marks(documents);
    const { groups, longest: [queries, count, keys], queryPlaces, keyPlaces } = attentionPlan(
      row,
      6,
    );
    const rising = (places: Int32Array) =>
      places.every((at, token) => at > (places[token - 1] ?? -1));
    assert(rising(queryPlaces) && rising(keyPlaces));
    assert(queryPlaces.at(-1)! < groups.length / 4 * count * queries);
    assert(keyPlaces.at(-1)! < groups.length / 4 * keys);
  }
});

Deno.test("masks of blocks that see by order alone are there once", () => {
  const { masks } = attentionPlan(marks([[64, 8], [64, 8]]), 8);
  assertEquals(masks.length, 64);
});

Deno.test("a row without tokens cannot be planned", () => {
  assertThrows(() => attentionPlan(marks([])), RangeError, "without tokens");
});
