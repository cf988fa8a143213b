import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { batch } from "../../lib/data/batch.ts";
import { packRows } from "../../lib/data/pack_rows.ts";
import { sequence } from "../../lib/data/sequence.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { rowLength } from "../../lib/model/row.ts";
import { chatModel } from "./chat_model.ts";
import { pairRecord } from "./pairs.ts";
import { runStage } from "./run_stage.ts";

const model = chatModel();
const length = rowLength(sequence(model, pairRecord()));

/** A record with `extra` more bytes, each of them a token. */
function record(id: string, extra = 0) {
  const base = pairRecord(id);
  return { ...base, long: base.long + "x".repeat(extra) };
}

Deno.test("packRows puts the longest first into the first row with room", () => {
  const items = [3, 6, 4, 7, 1].map((length) => ({ length }));
  const lengths = packRows(items, 10).map((row) => row.map(({ length }) => length));
  assertEquals(lengths, [[7, 3], [6, 4], [1]]);
  assertEquals(packRows([{ length: 12 }, { length: 1 }], 10).length, 2);
});

Deno.test("batch groups documents and packs them into rows", async () => {
  const records = [record("a", 50), record("b"), record("c", 50), record("d"), record("e")];
  const stage = batch({ model, tokensPerRow: 2 * length + 50, documentsPerBatch: 4 });
  const { out, counts } = await runStage(stage, records);
  assertEquals(out.map(({ documents }) => documents), [4, 1]);
  assertEquals(
    out[0].rows.map((row) => row.documents.map(({ id }) => id)),
    [["a", "b"], ["c", "d"]],
  );
  assertEquals(out[0].tokens, 4 * length + 100);
  assertEquals(
    out[0].rows.map(({ tokens }) => tokens.length),
    [2 * length + 50, 2 * length + 50],
  );
  assertEquals(counts.tokens, 5 * length + 100);
});

Deno.test("batch drops a document longer than a row, or gives it one of its own", async () => {
  const records = [record("short"), record("long", 1)];
  const dropping = await runStage(batch({ model, tokensPerRow: length }), records);
  assertEquals(dropping.out[0].documents, 1);
  assertEquals(dropping.dropped, [{ reason: "longer than a row", record: records[1] }]);
  assert(dropping.messages[0].startsWith(`long: ${length + 1} tokens`), dropping.messages[0]);
  const keeping = await runStage(
    batch({ model, tokensPerRow: length, oversize: "own row" }),
    records,
  );
  assertEquals(keeping.out[0].rows.map((row) => row.documents[0].id), ["long", "short"]);
});

Deno.test("batch refuses records whose reference is of another model", async () => {
  const verify = { fingerprint: "x", chatHash: "y", layout: "conversation" } as const;
  const stage = batch({ model, tokensPerRow: length, verify });
  await assertRejects(() => runStage(stage, [record("a")]), UserError, "Record a");
});

Deno.test("batch refuses sizes that hold nothing", () => {
  assertThrows(() => batch({ model, tokensPerRow: 0 }), RangeError, "tokensPerRow 0");
  assertThrows(
    () => batch({ model, tokensPerRow: 9, documentsPerBatch: 1.5 }),
    RangeError,
    "documentsPerBatch 1.5",
  );
});
