import { assert, assertEquals } from "@std/assert";
import {
  batch,
  chunk,
  compress,
  documents,
  epochs,
  instruct,
  pair,
  type PairRecord,
  readPairs,
  sampleLong,
  sampleShort,
} from "../../lib/data/mod.ts";
import { jsonlFile, pipe, pipeline } from "../../lib/flow/mod.ts";
import { packRow, rowLength } from "../../lib/model/row.ts";
import { chatModel } from "./chat_model.ts";
import { PositionScorer } from "./pairs.ts";
import { RuleSampler } from "./rule_sampler.ts";
import { seaDocument } from "./sea.ts";

const model = chatModel();
const silent = { info() {}, warn() {} };

/** From documents as JSONL to pairs. */
function makingPairs(text: string, documentsPerCall: number) {
  const sampler = new RuleSampler();
  const sampling = { maxTokens: 60, temperature: 1 };
  const options = { sampler, sampling, documentsPerCall };
  return {
    name: "making pairs",
    seed: 3,
    log: silent,
    source: documents({ paths: ["-"], stdin: new Blob([text]).stream() }),
    stages: pipe(
      chunk({ tokenizer: model.tokenizer, tokens: 64 }),
      compress({ turns: 3 }),
      instruct(options),
      sampleShort(options),
      sampleLong({ ...options, maxPromptTokens: 400, model }),
      pair({ reference: { scorer: new PositionScorer(), model } }),
    ),
  };
}

const lines = ["a", "b", "c", "d", "e"].map((id) => JSON.stringify(seaDocument(id)));

Deno.test("data pipeline makes the same pairs whatever order and grouping of documents", async () => {
  const alone = await Array.fromAsync(pipeline(makingPairs(lines.join("\n"), 1)));
  const reversed = lines.toReversed().join("\n");
  const together = await Array.fromAsync(pipeline(makingPairs(reversed, 3)));
  assert(alone.length >= 3);
  const byId = (records: PairRecord[]): PairRecord[] =>
    records.map((record) => ({ ...record, source: "" })).sort((a, b) => a.id < b.id ? -1 : 1);
  assertEquals(byId(together), byId(alone));
});

Deno.test("data pipeline writes pairs that are read back and batched", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/pairs.jsonl`;
  const sink = jsonlFile(path);
  await pipeline({ ...makingPairs(lines.join("\n"), 1), sink }).run();

  const batching = pipeline({
    name: "batching",
    log: silent,
    source: epochs(readPairs(path), 2),
    stages: [batch({
      model,
      tokensPerRow: 2000,
      documentsPerBatch: 4,
      verify: { fingerprint: "position", chatHash: "chatml", layout: "conversation" },
    })],
  });
  const batches = await Array.fromAsync(batching);
  const pairs = (await Deno.readTextFile(path)).trim().split("\n").length;
  assertEquals(batches.reduce((sum, { documents }) => sum + documents, 0), 2 * pairs);
  for (const { rows, tokens } of batches) {
    for (const row of rows) {
      assert(row.tokens.length <= 2000);
      assertEquals(packRow(row.documents).tokens, row.tokens);
    }
    const lengths = rows.flatMap((row) => row.documents.map(rowLength));
    assertEquals(tokens, lengths.reduce((sum, length) => sum + length));
  }
  await Deno.remove(folder, { recursive: true });
});
